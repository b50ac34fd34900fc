// Where a replica's objects lie: placeholders, prefixes, and whether two places are the same. Pure.
#pragma once
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/schema.h"

namespace streamd::config {

struct Placeholders {
  std::string name, relpath, host;
  bool one_of_many = false;  // of a watched folder: what is written holds for all its databases
};
// Replaces {name} {relpath} {host}.
Result<std::string> expand_placeholders(std::string_view text, const Placeholders& values);

// Without slashes at the ends. Empty parts, `.` and `..` are errors.
Result<std::string> checked_prefix(std::string_view text);
std::string join_prefix(const std::string& above, const std::string& below);

// Equal texts = the same place. Secrets do not count; a driver's own `path` and the prefix are one
// path, so /backups + app and /backups/app + nothing are the same.
std::string place_identity(const std::string& driver,
                           const std::map<std::string, std::string>& options,
                           const std::string& prefix, std::span<const OptionSpec> schema);

}  // namespace streamd::config
