// Which neighbouring segments are to become one, and which are no longer needed because one object
// holds all they hold. Pure: of names, sizes and moments alone.
#pragma once
#include <cstdint>
#include <set>
#include <vector>

#include "base/bytes.h"
#include "catalog/timeline.h"

namespace streamd::catalog {

struct MergeRules {
  std::size_t fan_in = 6;            // so many neighbours of one level become one of the next
  std::uint8_t top_level = 6;        // merged no further; with one object a second half a day
  std::uint64_t settled = 8 * kMiB;  // bytes: objects of this size or more are never rewritten
  // Bytes: fan_in neighbours of level 0 that are larger together wait for more, so that they are
  // rewritten once instead of twice: until they weigh `settled`, or are fan_in * fan_in.
  std::uint64_t light = 256 * kKiB;
};

struct Merge {
  std::vector<SegmentKey> inputs;  // two or more, in order and without a gap
  std::uint8_t level = 0;          // of the result
  std::uint64_t bytes = 0;         // of the inputs
};

// Oldest first; no object is in two of them. Only segments with every transaction (`all`) of one
// piece are merged. Nothing is merged across a snapshot's moment, across one of `borders` (moments
// that may become a snapshot's), a gap, a delta, a step of the clock, or an object that is settled.
// Where such a border follows, fewer neighbours are enough, of any level: nothing more will come.
// What lies before the first snapshot is of no use and stays.
std::vector<Merge> due_merges(const GenerationTimeline& generation, const MergeRules& rules,
                              const std::set<Txid>& borders = {});

struct Covered {
  const Segment* segment = nullptr;
  const Segment* by = nullptr;  // holds every transaction of it
};
// Complete `all` segments that no restore needs any more: another one holds all their transactions,
// and no snapshot's moment lies inside that one, so that nobody has to go on from its middle. By
// first transaction. Pointers into the argument.
std::vector<Covered> covered_segments(const GenerationTimeline& generation);

}  // namespace streamd::catalog
