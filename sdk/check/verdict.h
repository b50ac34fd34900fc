// What a check says in the end.
#pragma once
#include <stdexcept>
#include <string>
#include <vector>

namespace streamd::check {

enum class Outcome { kPass, kSkip, kFail };

struct Verdict {
  Outcome outcome;
  std::string text;  // why it was skipped or failed; one line
};
inline Verdict pass() {
  return {Outcome::kPass, {}};
}
inline Verdict skip(std::string reason) {
  return {Outcome::kSkip, std::move(reason)};
}

// Ends a check: its text becomes the verdict.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};
inline void require(bool holds, const std::string& text) {
  if (!holds) throw Failure(text);
}

class Bench;

struct Check {
  const char* name;  // "group.what-is-checked"
  const char* what;  // the rule, one line
  Verdict (*run)(Bench&);
};

// In the order in which they run.
std::vector<Check> basic_checks();
std::vector<Check> range_checks();
std::vector<Check> list_checks();
std::vector<Check> atomic_checks();
std::vector<Check> contract_checks();
std::vector<Check> process_checks();
std::vector<Check> load_checks();

}  // namespace streamd::check
