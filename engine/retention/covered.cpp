#include "retention/covered.h"

#include <algorithm>

namespace streamd::retention {
namespace {

bool snapshot_inside(const catalog::GenerationTimeline& generation,
                     const catalog::SegmentKey& key) {
  const catalog::Snapshot* before_end = generation.snapshot_at_or_before(key.last.prior());
  return before_end != nullptr && before_end->key.txid >= key.first;
}

}  // namespace

const catalog::Segment* covering(const catalog::GenerationTimeline& generation,
                                 const catalog::SegmentKey& key) {
  using catalog::Completeness;
  if (key.completeness != Completeness::kAll) return nullptr;
  for (auto at = generation.segments.upper_bound(key.level); at != generation.segments.end();
       ++at) {
    // The last one that begins at or before it; neighbours of one level do not overlap.
    auto segment = std::upper_bound(
        at->second.begin(), at->second.end(), key.first,
        [](Txid first, const catalog::Segment& each) { return first < each.key.first; });
    while (segment != at->second.begin()) {
      --segment;
      const catalog::SegmentKey& wide = segment->key;
      if (wide.last < key.first) break;
      if (segment->complete && wide.completeness == Completeness::kAll && wide.last >= key.last &&
          !snapshot_inside(generation, wide))
        return &*segment;
    }
  }
  return nullptr;
}

}  // namespace streamd::retention
