#include "doctor/finding.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/printable.h"

namespace streamd::doctor {

const char* severity_name(Severity severity) {
  constexpr std::array<const char*, 4> kNames{"ok", "note", "warning", "problem"};
  return kNames[static_cast<std::size_t>(severity)];
}

void Findings::ok(const std::string& subject, std::string what) {
  all_.push_back({Severity::kOk, subject, std::move(what), "", Code::kInternal});
}

void Findings::note(const std::string& subject, std::string what, std::string hint) {
  all_.push_back({Severity::kNote, subject, std::move(what), std::move(hint), Code::kInternal});
}

void Findings::warning(const std::string& subject, std::string what, std::string hint) {
  all_.push_back({Severity::kWarning, subject, std::move(what), std::move(hint), Code::kInternal});
}

void Findings::problem(const std::string& subject, const Error& error) {
  all_.push_back({Severity::kProblem, subject, error.message, error.hint, error.code});
}

std::size_t Findings::count(Severity severity) const {
  return static_cast<std::size_t>(
      std::count_if(all_.begin(), all_.end(),
                    [&](const Finding& finding) { return finding.severity == severity; }));
}

std::string report(const Findings& findings) {
  std::string text;
  for (const Finding& finding : findings.all()) {
    text += fmt::format("{:<8}{}: {}\n", severity_name(finding.severity),
                        printable(finding.subject), printable(finding.what));
    if (!finding.hint.empty()) text += fmt::format("        hint: {}\n", printable(finding.hint));
  }
  return text;
}

Json to_json(const Findings& findings) {
  Json all = Json::array();
  for (const Finding& finding : findings.all()) {
    Json json = Json::object({{"severity", severity_name(finding.severity)},
                              {"subject", finding.subject},
                              {"what", finding.what},
                              {"hint", finding.hint.empty() ? Json() : Json(finding.hint)}});
    if (finding.severity == Severity::kProblem) json.set("code", code_name(finding.code));
    all.push(std::move(json));
  }
  return all;
}

}  // namespace streamd::doctor
