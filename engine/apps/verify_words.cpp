#include "apps/verify_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/table.h"
#include "base/printable.h"
#include "daemon/status_json.h"

namespace streamd::apps {
namespace {

bool has_all(const catalog::Timeline& timeline, const std::vector<verify::Lost>& lost) {
  return verify::remaining(lost, timeline).empty();
}

std::string moment(Txid txid, Micros time) {
  return fmt::format("{} ({})", txid.value, shown_time(time));
}

const char* plural(std::size_t count) {
  return count == 1 ? "" : "s";
}

}  // namespace

std::string Advisor::advice(const verify::Finding& finding) const {
  if (std::holds_alternative<catalog::KeysKey>(catalog::parse_key(finding.key)))
    return "the daemon that writes there puts it anew from its local state: restart it (a drill "
           "does it by itself: verify-interval)";
  if (finding.lost.empty())
    return "nothing has to be done: every moment can be restored without it";
  for (const OtherReplica& other : others)
    if (has_all(other.timeline, finding.lost))
      return "streamctl repair " + database + " --from " + other.name + " --replica " + replica;
  const bool newest = std::any_of(finding.lost.begin(), finding.lost.end(),
                                  [](const auto& lost) { return lost.after == Txid(); });
  if (newest)
    return "no other replica has these moments; a new snapshot makes those from then on restorable "
           "(a drill takes one by itself: verify-interval)";
  return "no other replica has these moments; later ones can be restored";
}

std::string to_text(const verify::Lost& lost) {
  std::string text = lost.first == lost.last
                         ? fmt::format("transaction {} of generation {}", lost.first.value,
                                       to_text(lost.generation))
                         : fmt::format("transactions {} to {} of generation {}", lost.first.value,
                                       lost.last.value, to_text(lost.generation));
  const bool before = lost.before != Txid(), after = lost.after != Txid();
  if (before && after)
    text += ", between " + moment(lost.before, lost.before_time) + " and " +
            moment(lost.after, lost.after_time);
  else if (before)
    text += ", all after " + moment(lost.before, lost.before_time);
  else if (after)
    text += ", all before " + moment(lost.after, lost.after_time);
  return text;
}

Json to_json(const verify::Lost& lost) {
  const auto txid = [](Txid one) { return one == Txid() ? Json() : Json(one.value); };
  return Json::object({{"generation", to_text(lost.generation)},
                       {"first_txid", lost.first.value},
                       {"last_txid", lost.last.value},
                       {"before_txid", txid(lost.before)},
                       {"before_time", daemon::time_json(lost.before_time)},
                       {"after_txid", txid(lost.after)},
                       {"after_time", daemon::time_json(lost.after_time)}});
}

Json to_json(const verify::Finding& finding, const std::string& advice) {
  Json lost = Json::array();
  for (const verify::Lost& one : finding.lost) lost.push(to_json(one));
  return Json::object({{"fault", verify::to_text(finding.fault)},
                       {"object", finding.key.empty() ? Json() : Json(finding.key)},
                       {"what", finding.what},
                       {"lost", std::move(lost)},
                       {"advice", advice}});
}

std::string describe(const verify::VerifyReport& report, const Advisor& advisor) {
  std::string text = fmt::format("replica {}: {} object{}, {}; {} read now ({})", advisor.replica,
                                 report.objects, plural(report.objects), shown_size(report.bytes),
                                 report.read, shown_size(report.bytes_read));
  if (report.later > 0)
    text +=
        fmt::format(", {} left to the next run ({})", report.later, shown_size(report.bytes_later));
  if (report.interrupted) text += ", then interrupted";
  text += report.findings.empty() ? "; nothing is wrong with what was read\n"
                                  : fmt::format("; {} finding{}\n", report.findings.size(),
                                                plural(report.findings.size()));
  for (const verify::Finding& finding : report.findings) {
    text += fmt::format("  {}: {}{}{}\n", verify::to_text(finding.fault), printable(finding.key),
                        finding.key.empty() ? "" : ": ", printable(finding.what));
    for (const verify::Lost& lost : finding.lost)
      text += "    cannot be restored: " + to_text(lost) + "\n";
    text += "    to do: " + printable(advisor.advice(finding)) + "\n";
  }
  return text;
}

Json to_json(const verify::VerifyReport& report, const Advisor& advisor) {
  Json findings = Json::array(), lost = Json::array();
  for (const verify::Finding& finding : report.findings)
    findings.push(to_json(finding, advisor.advice(finding)));
  for (const verify::Lost& one : report.lost) lost.push(to_json(one));
  return Json::object({{"replica", advisor.replica},
                       {"objects", std::uint64_t{report.objects}},
                       {"bytes", report.bytes},
                       {"objects_read", std::uint64_t{report.read}},
                       {"bytes_read", report.bytes_read},
                       {"objects_left", std::uint64_t{report.later}},
                       {"bytes_left", report.bytes_later},
                       {"oldest_read", daemon::time_json(report.oldest)},
                       {"newest_is_whole", report.newest_is_whole},
                       {"findings", std::move(findings)},
                       {"lost", std::move(lost)},
                       {"error", daemon::to_json(report.interrupted)}});
}

}  // namespace streamd::apps
