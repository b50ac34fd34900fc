// Which of Litestream's settings streamd has too, as tables, and how they are carried over.
#pragma once
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/document.h"

namespace streamd::config {

enum class Carry : std::uint8_t {
  kText,
  kDuration,
  kBool,
  kSize,
  kOther,  // read by who calls
  kDrop,   // no counterpart
};
struct Rule {
  const char* theirs;
  Carry carry = Carry::kOther;
  const char* ours = "";    // the option
  const char* reason = "";  // kDrop: a sentence for the warning
};
std::span<const Rule> global_rules();
std::span<const Rule> database_rules();
std::span<const Rule> replica_rules();
std::span<const Rule> s3_rules();  // of replicas in S3, and of the top of the file for all of them

// A table of the TOML file that is being made: "[defaults]", options as they are written.
struct Section {
  std::string title;
  std::vector<std::pair<std::string, std::string>> options;
  void set(const std::string& option, const std::string& text);  // quoted
  void set_bool(const std::string& option, bool value);
  std::string toml() const;  // "" without options
};

// A string of TOML.
std::string quoted(std::string_view text);

// Carries what `table` has by the rules into `section`; with a warning what cannot be carried, and
// keys that no rule of any `known` list names.
void carry(const Table& table, std::span<const Rule> rules, Section& section, Problems& warnings);
void warn_of_unknown(const Table& table, std::initializer_list<std::span<const Rule>> known,
                     Problems& warnings);
// The converted text of a scalar; "" when it is absent or no scalar.
std::string text_of(const Table& table, std::string_view key);

}  // namespace streamd::config
