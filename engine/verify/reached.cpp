#include "verify/reached.h"

#include <fmt/format.h>

#include <algorithm>

namespace streamd::verify {
namespace {

// Of one object; of a segment in pieces the last one tells.
Reached reached_by(const std::string& key) {
  const catalog::Key parsed = catalog::parse_key(key);
  if (const auto* snapshot = std::get_if<catalog::SnapshotKey>(&parsed))
    return {snapshot->generation, snapshot->txid};
  const auto* segment = std::get_if<catalog::SegmentKey>(&parsed);
  if (segment != nullptr && segment->piece.index == segment->piece.count)
    return {segment->generation, segment->last};
  return {};
}

Reached newest_of(const catalog::Timeline& timeline) {
  const catalog::GenerationTimeline* generation = timeline.newest_restorable();
  if (generation == nullptr) return {};
  return {generation->id, generation->newest()->last};
}

bool says(const Finding& finding, const Reached& reached) {
  return std::any_of(finding.lost.begin(), finding.lost.end(), [&](const Lost& lost) {
    return lost.generation == reached.generation && lost.first <= reached.txid &&
           reached.txid <= lost.last;
  });
}

}  // namespace

Reached reached(const Memory& memory) {
  Reached furthest;
  for (const auto& [key, facts] : memory)
    if (facts.damage.empty()) furthest = std::max(furthest, reached_by(key));
  return furthest;
}

std::optional<Finding> what_is_gone(const catalog::Timeline& timeline, const Reached& reached,
                                    const std::vector<Finding>& said) {
  if (reached.txid == Txid{} || reached <= newest_of(timeline)) return std::nullopt;
  if (std::any_of(said.begin(), said.end(),
                  [&](const Finding& finding) { return says(finding, reached); }))
    return std::nullopt;
  Lost lost{reached.generation, reached.txid, reached.txid, {}, {}, 0, 0};
  const catalog::GenerationTimeline* generation = timeline.find(reached.generation);
  const catalog::Span* newest = generation == nullptr ? nullptr : generation->newest();
  if (newest != nullptr) {
    lost.first = newest->last.next();
    lost.before = newest->last;
    lost.before_time = newest->last_time;
  }
  return Finding{Fault::kMissing,
                 "",
                 fmt::format("transaction {} of generation {} was there, and nothing leads to it "
                             "any more",
                             reached.txid.value, to_text(reached.generation)),
                 {lost}};
}

void forget_others(Memory& memory, const Listing& listing) {
  const Reached newest = newest_of(catalog::read_timeline(listing.objects));
  std::erase_if(memory, [&](const auto& entry) {
    const auto& [key, facts] = entry;
    const bool tells = facts.damage.empty() && reached_by(key) > newest;
    return !tells && listing.find(key) == nullptr;
  });
}

}  // namespace streamd::verify
