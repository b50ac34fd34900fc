#include "verify/repair_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "restore/plan.h"

namespace streamd::verify {
namespace {

using catalog::GenerationTimeline;
using catalog::Listed;
using catalog::Timeline;

class Planner {
 public:
  Planner(const Side& target, const Side& source)
      : target_(target), source_(source), bad_(keys_of(target.findings)) {}
  RepairPlan run();

 private:
  void offer(const std::vector<Lost>& lost);
  void same_names();
  void fill_gaps(const std::vector<Lost>& lost);
  void copy(const std::string& key);
  void copy_plan(const restore::Plan& plan);
  std::vector<Listed> listed_then() const;
  Timeline timeline_then() const { return catalog::read_timeline(listed_then()); }
  bool contradicts() const;
  void refuse(const std::vector<Lost>& lost);
  void order();

  const Side& target_;
  const Side& source_;
  const std::set<std::string> bad_;
  std::vector<Listed> offered_;  // of the source
  std::map<std::string, Listed> copied_;
  RepairPlan plan_;
};

// Nothing above what the target has or had: such an object would hold what it will still be sent.
void Planner::offer(const std::vector<Lost>& lost) {
  const Timeline timeline = catalog::read_timeline(target_.listing.objects);
  const auto within = [&](GenerationId generation, Txid last) {
    const GenerationTimeline* there = timeline.find(generation);
    if (there != nullptr && last <= there->tip()) return true;
    return std::any_of(lost.begin(), lost.end(), [&](const Lost& one) {
      return one.generation == generation && last <= one.last;
    });
  };
  for (Listed& object : usable(source_.listing, source_.memory, keys_of(source_.findings))) {
    const catalog::Key parsed = catalog::parse_key(object.key);
    const auto* snapshot = std::get_if<catalog::SnapshotKey>(&parsed);
    const auto* segment = std::get_if<catalog::SegmentKey>(&parsed);
    if (std::holds_alternative<catalog::PartKey>(parsed) ||
        (snapshot != nullptr && within(snapshot->generation, snapshot->txid)) ||
        (segment != nullptr && within(segment->generation, segment->last)))
      offered_.push_back(std::move(object));
  }
}

void Planner::copy(const std::string& key) {
  if (copied_.contains(key)) return;
  if (target_.listing.find(key) != nullptr && !bad_.contains(key)) return;  // it is there, whole
  const auto at = std::find_if(offered_.begin(), offered_.end(),
                               [&](const Listed& object) { return object.key == key; });
  if (at == offered_.end()) return;
  copied_.emplace(key, *at);
  const auto known = source_.memory.find(key);
  if (known == source_.memory.end()) return;
  for (const segment::ManifestPart& part : known->second.parts) copy(part.key);
}

void Planner::copy_plan(const restore::Plan& plan) {
  if (plan.manifest) copy(plan.manifest->key);
  for (const restore::PlannedSegment& segment : plan.segments)
    for (const restore::PlannedObject& piece : segment.pieces) copy(piece.key);
}

// In place of what is damaged or missing. What contradicts the others there is only replaced by
// something else.
void Planner::same_names() {
  for (const Finding& finding : target_.findings) {
    if (finding.key.empty()) continue;
    const auto here = target_.memory.find(finding.key), there = source_.memory.find(finding.key);
    const bool same = here != target_.memory.end() && there != source_.memory.end() &&
                      here->second.before == there->second.before &&
                      here->second.after == there->second.after;
    if (finding.fault != Fault::kContradicts || !same) copy(finding.key);
  }
}

// The target as it will be.
std::vector<Listed> Planner::listed_then() const {
  std::set<std::string> still_bad;
  for (const std::string& key : bad_)
    if (!copied_.contains(key)) still_bad.insert(key);
  std::vector<Listed> then = usable(target_.listing, target_.memory, still_bad);
  for (const auto& [key, object] : copied_) then.push_back(object);
  return then;
}

// The highest moment among `lost` that `timeline` can restore; Txid() when there is none.
Txid highest_of(const Lost& lost, const Timeline& timeline) {
  Txid highest;
  const GenerationTimeline* generation = timeline.find(lost.generation);
  if (generation == nullptr) return highest;
  for (const catalog::Span& span : generation->spans)
    if (span.first <= lost.last && span.last >= lost.first)
      highest = std::max(highest, std::min(span.last, lost.last));
  return highest;
}

// Where the source cuts its segments otherwise: what leads to the lost moments there.
void Planner::fill_gaps(const std::vector<Lost>& lost) {
  for (std::size_t before = SIZE_MAX; before != copied_.size();) {
    before = copied_.size();
    std::vector<Listed> both = listed_then();
    both.insert(both.end(), offered_.begin(), offered_.end());
    const Timeline together = catalog::read_timeline(both);
    for (const Lost& one : remaining(lost, timeline_then())) {
      const Txid moment = highest_of(one, together);
      if (moment == Txid()) continue;
      if (const auto plan = restore::make_plan(together, {one.generation, moment, {}}))
        copy_plan(*plan);
    }
  }
}

// Both replicas must tell one history.
bool Planner::contradicts() const {
  Listing listing;
  for (Listed& object : listed_then()) listing.objects.push_back(std::move(object));
  std::sort(listing.objects.begin(), listing.objects.end(),
            [](const Listed& a, const Listed& b) { return a.key < b.key; });
  listing.tags.resize(listing.objects.size());
  Memory memory = target_.memory;
  for (const std::string& key : bad_) memory.erase(key);
  for (const auto& [key, object] : copied_)
    if (const auto known = source_.memory.find(key); known != source_.memory.end())
      memory[key] = known->second;
  const auto findings = judge(listing, memory);
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.fault == Fault::kContradicts; });
}

void Planner::refuse(const std::vector<Lost>& lost) {
  for (const Lost& one : lost)
    plan_.refusals.push_back(
        fmt::format("transactions {} to {} of generation {}: the other replica does not have them "
                    "whole either",
                    one.first.value, one.last.value, to_text(one.generation)));
  for (const Finding& finding : target_.findings) {
    if (finding.key.empty() || copied_.contains(finding.key)) continue;
    if (std::holds_alternative<catalog::MarkerKey>(catalog::parse_key(finding.key))) continue;
    if (remaining(finding.lost, timeline_then()).empty())
      plan_.refusals.push_back(finding.key +
                               ": the other replica has no whole object of this name; every moment "
                               "can be restored without it");
  }
}

// What makes the others count comes last.
void Planner::order() {
  const auto rank = [](const std::string& key) {
    const catalog::Key parsed = catalog::parse_key(key);
    if (std::holds_alternative<catalog::PartKey>(parsed)) return 0;
    return std::holds_alternative<catalog::SegmentKey>(parsed) ? 1 : 2;
  };
  for (const auto& [key, object] : copied_)
    plan_.copies.push_back({key, object.size, target_.listing.find(key) != nullptr});
  std::stable_sort(plan_.copies.begin(), plan_.copies.end(),
                   [&](const Copy& a, const Copy& b) { return rank(a.key) < rank(b.key); });
}

RepairPlan Planner::run() {
  const std::vector<Lost> lost = cost_of(target_.listing, target_.memory, target_.findings);
  offer(lost);
  same_names();
  fill_gaps(lost);
  if (!copied_.empty() && contradicts()) {
    plan_.refusals.push_back(
        "the two replicas tell different histories: what one lacks cannot come from the other");
    return std::move(plan_);
  }
  const std::vector<Lost> left = remaining(lost, timeline_then());
  plan_.heals = lost;
  std::erase_if(plan_.heals,
                [&](const Lost& one) { return !remaining({one}, timeline_then()).empty(); });
  refuse(left);
  order();
  return std::move(plan_);
}

}  // namespace

RepairPlan plan_repair(const Side& target, const Side& source) {
  return Planner(target, source).run();
}

}  // namespace streamd::verify
