#include "retention/policy.h"

#include <algorithm>

#include "retention/judge.h"

namespace streamd::retention {
namespace {

// What was there at `then`: nothing that is newer may have made anything superfluous yet.
std::vector<std::size_t> there_at(std::span<const catalog::Listed> listing, Micros then) {
  std::vector<std::size_t> there;
  for (std::size_t i = 0; i < listing.size(); ++i)
    if (listing[i].mtime_ns != 0 && listing[i].mtime_ns / 1000 <= then) there.push_back(i);
  return there;
}

// A manifest that is there must not name a part that is gone.
void hold_parts(Decisions& decisions, const PartNames& parts) {
  std::set<std::string> named;
  for (const Decision& decision : decisions.objects)
    if (const auto manifest = parts.find(decision.object.key);
        manifest != parts.end() && decision.fate != Fate::kRemove)
      named.insert(manifest->second.begin(), manifest->second.end());
  for (Decision& decision : decisions.objects)
    if (decision.fate == Fate::kRemove && named.contains(decision.object.key))
      decision.fate = Fate::kWait;
}

}  // namespace

std::size_t Decisions::count(Fate fate) const {
  return static_cast<std::size_t>(std::count_if(
      objects.begin(), objects.end(), [&](const Decision& each) { return each.fate == fate; }));
}

std::uint64_t Decisions::bytes(Fate fate) const {
  std::uint64_t sum = 0;
  for (const Decision& each : objects)
    if (each.fate == fate) sum += each.object.size;
  return sum;
}

Result<Decisions> decide(std::span<const catalog::Listed> listing, const PartNames& parts,
                         Micros now, const Rules& rules) {
  const Judgement today = judge(listing, parts, now, rules);
  Decisions decisions;
  decisions.unread = today.unread;
  bool any = false;
  for (std::size_t i = 0; i < listing.size(); ++i) {
    const Verdict& verdict = today.verdicts[i];
    any = any || !verdict.needed;
    decisions.objects.push_back(
        {listing[i], verdict.needed ? Fate::kKeep : Fate::kWait, verdict.reason, verdict.by});
  }
  if (!any) return decisions;
  const Micros then = now - rules.grace.count() * 1000;
  const std::vector<std::size_t> there = there_at(listing, then);
  std::vector<catalog::Listed> listing_then;
  for (const std::size_t i : there) listing_then.push_back(listing[i]);
  const Judgement before = judge(listing_then, parts, then, rules);
  for (std::size_t i = 0; i < there.size(); ++i) {
    Decision& decision = decisions.objects[there[i]];
    if (decision.fate == Fate::kWait && !before.verdicts[i].needed) decision.fate = Fate::kRemove;
  }
  for (const std::string& name : before.unread)
    if (std::find(decisions.unread.begin(), decisions.unread.end(), name) == decisions.unread.end())
      decisions.unread.push_back(name);
  hold_parts(decisions, parts);
  TRY(prove(decisions, today));  // GCOVR_EXCL_LINE: only where we are mistaken
  return decisions;
}

}  // namespace streamd::retention
