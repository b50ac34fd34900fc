#include "suite.h"

#include <algorithm>
#include <chrono>

namespace streamd::check {
namespace {

Verdict run_one(const Check& check, Bench& bench) {
  try {
    return check.run(bench);
  } catch (const std::exception& failure) {
    return {Outcome::kFail, failure.what()};
  }
}

}  // namespace

std::vector<Check> all_checks() {
  std::vector<Check> all;
  for (const auto& group : {basic_checks(), range_checks(), list_checks(), atomic_checks(),
                            contract_checks(), load_checks(), process_checks()})
    all.insert(all.end(), group.begin(), group.end());
  return all;
}

bool is_selected(const Check& check, const std::vector<std::string>& only) {
  const std::string name = check.name;
  const std::string group = name.substr(0, name.find('.'));
  return only.empty() || std::any_of(only.begin(), only.end(), [&](const std::string& wanted) {
           return wanted == name || wanted == group;
         });
}

bool run_checks(const Target& target, const std::vector<std::string>& only,
                const std::function<void(const streamd_caps&)>& found,
                const std::function<void(const Result&)>& report) {
  Bench bench(target);
  found(bench.caps());
  bool good = true;
  for (const Check& check : all_checks()) {
    if (!is_selected(check, only)) continue;
    bench.begin_check(check.name);
    const auto began = std::chrono::steady_clock::now();
    const Verdict verdict = run_one(check, bench);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    good = good && verdict.outcome != Outcome::kFail;
    report({check, verdict, took.count()});
  }
  bench.clean();
  return good;
}

}  // namespace streamd::check
