#include "config/problem.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/printable.h"

namespace streamd::config {
namespace {

std::string line_of(const Problem& problem) {
  const std::string place = problem.where.file.empty() ? "" : to_text(problem.where) + ": ";
  return printable(place + (problem.warning ? "warning: " : "") + problem.message);
}

}  // namespace

std::string to_text(const Origin& origin) {
  if (origin.file.empty()) return "default";
  return origin.line == 0 ? origin.file : origin.file + ":" + std::to_string(origin.line);
}

void Problems::error(const Origin& where, std::string message, std::string hint) {
  all_.push_back({where, std::move(message), std::move(hint), false});
}

void Problems::error(const Origin& where, const Error& error, const std::string& context) {
  all_.push_back(
      {where, context.empty() ? error.message : context + ": " + error.message, error.hint, false});
}

void Problems::warning(const Origin& where, std::string message, std::string hint) {
  all_.push_back({where, std::move(message), std::move(hint), true});
}

void Problems::add(const Problems& others) {
  all_.insert(all_.end(), others.all_.begin(), others.all_.end());
}

bool Problems::has_errors() const {
  return std::any_of(all_.begin(), all_.end(),
                     [](const Problem& problem) { return !problem.warning; });
}

std::string check_report(const Problems& problems) {
  std::vector<Problem> sorted = problems.all();
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& left, const Problem& right) {
    return std::tie(left.where.file, left.where.line) <
           std::tie(right.where.file, right.where.line);
  });
  std::string text;
  for (const Problem& problem : sorted) {
    text += line_of(problem) + "\n";
    if (!problem.hint.empty()) text += "  hint: " + printable(problem.hint) + "\n";
  }
  return text;
}

Error to_error(const Problems& problems) {
  const auto& all = problems.all();
  const auto first =
      std::find_if(all.begin(), all.end(), [](const Problem& problem) { return !problem.warning; });
  if (first == all.end()) return make_error(Code::kInternal, "the configuration has no errors");
  const auto count =
      std::count_if(first, all.end(), [](const Problem& problem) { return !problem.warning; });
  std::string message = line_of(*first);
  if (count > 1) message += " (and " + std::to_string(count - 1) + " more)";
  std::string hint = first->hint;
  if (count > 1) hint = "`streamctl config check` lists them all";
  return make_error(Code::kInvalidConfig, std::move(message), std::move(hint));
}

}  // namespace streamd::config
