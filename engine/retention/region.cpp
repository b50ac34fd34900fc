#include "retention/region.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace streamd::retention {
namespace {

using catalog::GenerationTimeline;

std::vector<std::pair<Txid, Txid>> moments_from(const GenerationTimeline& generation, Txid from) {
  std::vector<std::pair<Txid, Txid>> spans;
  for (const catalog::Span& span : generation.spans)
    if (span.last >= from) spans.emplace_back(std::max(span.first, from), span.last);
  return spans;
}

// A newer generation has a moment that had happened by then.
bool newer_in(const Starts& starts, GenerationId generation) {
  return !starts.empty() && starts.rbegin()->first > generation;
}

Txid snapshot_at(const GenerationTimeline& generation, Txid moment) {
  return generation.snapshot_at_or_before(moment)->key.txid;
}

}  // namespace

GenerationTimeline without_past(const GenerationTimeline& generation, Txid base) {
  GenerationTimeline rest;
  rest.id = generation.id;
  for (const catalog::Snapshot& snapshot : generation.snapshots)
    if (snapshot.key.txid >= base) rest.snapshots.push_back(snapshot);
  for (const auto& [level, segments] : generation.segments)
    for (const catalog::Segment& segment : segments)
      if (segment.key.first > base) rest.segments[level].push_back(segment);
  catalog::find_moments(rest);
  return rest;
}

bool same_moments(const GenerationTimeline& one, const GenerationTimeline& other, Txid from) {
  return moments_from(one, from) == moments_from(other, from);
}

const catalog::Snapshot& base_of(const GenerationTimeline& generation, Txid from) {
  const auto leads = [&](const catalog::Snapshot& snapshot) {
    const Txid txid = snapshot.key.txid;
    return txid <= from && same_moments(generation, without_past(generation, txid), from);
  };
  const auto oldest = std::prev(generation.snapshots.rend());  // leads anyway
  return *std::find_if(generation.snapshots.rbegin(), oldest, leads);
}

milliseconds exact_age(const Rules& rules) {
  return std::clamp(rules.history, rules.grace, std::max(rules.retention, rules.grace));
}

Regions find_regions(const catalog::Timeline& timeline, Micros now, const Rules& rules) {
  const milliseconds age = std::max(rules.retention, rules.grace);
  const Starts window = moments_at(timeline, age, now);
  const Starts exact = moments_at(timeline, exact_age(rules), now);
  const Starts snapshots = moments_at(timeline, std::max(age, rules.keep.all), now);
  Regions regions;
  for (const GenerationTimeline& generation : timeline.generations) {
    const GenerationId id = generation.id;
    Region& region = regions[id];
    region.out = newer_in(window, id);
    region.over = newer_in(exact, id);
    if (const auto start = exact.find(id); start != exact.end() && !region.over) {
      region.exact_from = start->second;
      region.exact_base = base_of(generation, start->second).key.txid;
    }
    if (newer_in(snapshots, id)) {
      region.oldest = Txid(UINT64_MAX);
    } else if (const auto start = snapshots.find(id); start != snapshots.end()) {
      region.oldest = snapshot_at(generation, start->second);
      if (region.exact_base) region.oldest = std::min(*region.oldest, *region.exact_base);
    }
  }
  return regions;
}

}  // namespace streamd::retention
