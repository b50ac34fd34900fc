// What a replica is known to have had, and has no more. Pure.
#pragma once
#include <compare>
#include <optional>
#include <vector>

#include "verify/judge.h"

namespace streamd::verify {

// A moment that could be restored from it.
struct Reached {
  GenerationId generation{};
  Txid txid{};  // 0 = none is known
  auto operator<=>(const Reached&) const = default;
};

// The furthest that its objects led to, as far as they were ever read.
Reached reached(const Memory& memory);

// Newest moments are never removed, only covered by newer ones: when a moment lies beyond the
// newest restorable one, what led to it was taken away. nullopt when it does not, or `said` has it
// already.
std::optional<Finding> what_is_gone(const catalog::Timeline& timeline, const Reached& reached,
                                    const std::vector<Finding>& said);

// Forgets what is not listed any more, except what tells of moments beyond the newest one.
void forget_others(Memory& memory, const Listing& listing);

}  // namespace streamd::verify
