// Segments that a merged one has made superfluous. Pure.
#pragma once
#include "catalog/timeline.h"

namespace streamd::retention {

// The complete `all` segment of a higher level that holds every transaction of `key`; null when
// there is none. One that a snapshot lies inside of covers nothing: chains from that snapshot need
// the smaller ones.
const catalog::Segment* covering(const catalog::GenerationTimeline& generation,
                                 const catalog::SegmentKey& key);

}  // namespace streamd::retention
