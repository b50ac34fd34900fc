// How old is what a replica holds? Names tell what a clock said, and clocks lie; the order of
// transactions does not. Pure.
#pragma once
#include <map>
#include <optional>

#include "catalog/timeline.h"

namespace streamd::retention {

// When an object was surely there: the later of the time in its name (0 = it has none) and the
// store's. nullopt when one of them lies in the future, or when the store tells none: such an
// object is never old by itself, and says nothing about others.
std::optional<Micros> known_time(Micros name_time, std::int64_t mtime_ns, Micros now);

// The newest restorable moment of each generation that is at least so old, for every generation
// that has one: a restore to the time `age` before now leads to that of the newest of these
// generations, or to a later one.
//
// A moment is as old as the time that was lived through since: the sum of the pauses between one
// object and the next, in the order of transactions, each counted as at most a quarter of `age`. A
// moment that seems earlier than one before it tells nothing, and no window begins at it. So a
// clock that was set back makes nothing old, and one that was set ahead takes at most a quarter of
// the window, also where the store has no clock but this machine's.
using Starts = std::map<GenerationId, Txid>;
Starts moments_at(const catalog::Timeline& timeline, milliseconds age, Micros now);

}  // namespace streamd::retention
