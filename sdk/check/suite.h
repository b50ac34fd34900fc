// Runs checks.
#pragma once
#include <functional>

#include "bench.h"

namespace streamd::check {

struct Result {
  Check check;
  Verdict verdict;
  double seconds;
};

std::vector<Check> all_checks();

// `only` names checks ("range.random") or groups ("range"); empty = all.
bool is_selected(const Check& check, const std::vector<std::string>& only);

// Opens an instance, tells `found` what it can do, runs the selected checks in order, tells
// `report` each result, and removes what was written. False when a check failed. Throws Failure
// when the instance cannot be opened or cleaned.
bool run_checks(const Target& target, const std::vector<std::string>& only,
                const std::function<void(const streamd_caps&)>& found,
                const std::function<void(const Result&)>& report);

}  // namespace streamd::check
