// What of one generation lies inside the window: the part of the policy that thinks in
// transactions. Pure.
#pragma once
#include <optional>

#include "retention/ages.h"
#include "retention/rules.h"

namespace streamd::retention {

// The newest snapshot from which every moment from `from` on, itself a restorable one, can still be
// restored when everything up to that snapshot is gone.
const catalog::Snapshot& base_of(const catalog::GenerationTimeline& generation, Txid from);

// What is left of it when everything up to the snapshot at `base` is gone; no parts.
catalog::GenerationTimeline without_past(const catalog::GenerationTimeline& generation, Txid base);

// The same moments from `from` on; names may differ, and what is before it.
bool same_moments(const catalog::GenerationTimeline& one, const catalog::GenerationTimeline& other,
                  Txid from);

// The age up to which every transaction is kept. Nothing younger is outside the window, and nothing
// is before its grace could have passed.
milliseconds exact_age(const Rules& rules);

// What the rules keep of one generation.
struct Region {
  bool out = false;  // a newer generation leads to the beginning of the window
  // Every transaction from here on: the oldest moment, and the snapshot that leads to it. nullopt:
  // everything the generation has; in a generation that is over, nothing (`over`).
  std::optional<Txid> exact_from, exact_base;
  bool over = false;           // all of it is older than the history
  std::optional<Txid> oldest;  // snapshots from here on; nullopt: all of them
};
using Regions = std::map<GenerationId, Region>;
Regions find_regions(const catalog::Timeline& timeline, Micros now, const Rules& rules);

}  // namespace streamd::retention
