// When it is worth looking at a replica for what may go: a listing costs requests, and most
// replicas that rest, or are young, would be listed in vain. Pure.
#pragma once
#include "retention/policy.h"

namespace streamd::retention {

constexpr Micros kNever = INT64_MAX;

// The earliest time that a snapshot or segment may say to have been there, by its name or by the
// store; kNever when there is none, or the store tells no times.
Micros oldest_time(const catalog::Timeline& timeline);

// Before that nothing can be too old, whatever is added to a replica in which nothing is older than
// `oldest`.
Micros nothing_old_before(Micros oldest, const Rules& rules);

// When something of the listing is to go if nothing is added to it, in whole days from `now`; `now`
// also when nobody can tell without much work. kNever: it all stays.
Micros next_to_go(std::span<const catalog::Listed> listing, const PartNames& parts, Micros now,
                  const Rules& rules);

}  // namespace streamd::retention
