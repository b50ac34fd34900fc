// Which objects are read now. Pure.
#pragma once
#include <vector>

#include "verify/facts.h"

namespace streamd::verify {

struct Selection {
  std::vector<std::size_t> now;  // indexes into the listing, in the order of reading
  std::size_t later = 0;         // objects for which the budget was not enough
  std::uint64_t bytes = 0, later_bytes = 0;
};

// Those that were never read come first (manifests, parts, segments; the newest first), then those
// that were damaged or were read before `stale_before`, the longest ago first. `budget` in bytes, 0
// = no limit; what comes first is read however large it is.
Selection select(const Listing& listing, const Memory& memory, Micros stale_before,
                 std::uint64_t budget);

}  // namespace streamd::verify
