#include "retention/outlook.h"

#include <algorithm>

#include "retention/region.h"

namespace streamd::retention {
namespace {

constexpr Micros kDay = 86'400 * Micros{1'000'000};
constexpr std::size_t kMostObjects = 10'000;  // judged a dozen times within a second or two

template <class Visit>
void each_time(const catalog::Timeline& timeline, Visit visit) {
  const auto tell = [&](Micros name_time, std::int64_t mtime_ns) {
    if (mtime_ns != 0) visit(std::max(name_time, mtime_ns / 1000));
  };
  for (const catalog::GenerationTimeline& generation : timeline.generations) {
    for (const catalog::Snapshot& snapshot : generation.snapshots)
      tell(snapshot.key.time, snapshot.mtime_ns);
    for (const auto& [level, segments] : generation.segments)
      for (const catalog::Segment& segment : segments) tell(segment.key.time, segment.mtime_ns);
  }
}

}  // namespace

Micros oldest_time(const catalog::Timeline& timeline) {
  Micros oldest = kNever;
  each_time(timeline, [&](Micros time) { oldest = std::min(oldest, time); });
  return oldest;
}

Micros nothing_old_before(Micros oldest, const Rules& rules) {
  const Micros age = (exact_age(rules) + rules.grace).count() * 1000;
  return oldest > kNever - age ? kNever : oldest + age;
}

Micros next_to_go(std::span<const catalog::Listed> listing, const PartNames& parts, Micros now,
                  const Rules& rules) {
  if (listing.size() > kMostObjects) return now;
  const auto goes_in = [&](std::int64_t days) {
    const auto decisions = decide(listing, parts, now + days * kDay, rules);
    return !decisions ||  // GCOVR_EXCL_LINE: only where we are mistaken (see prove)
           decisions->count(Fate::kRemove) > 0;
  };
  // By then every time is known, the last pause counts in full, and every grace is over.
  Micros settled = now;
  each_time(catalog::read_timeline(listing),
            [&](Micros time) { settled = std::max(settled, time); });
  const milliseconds longest = std::max({rules.retention, rules.history, rules.keep.all});
  settled += (longest + rules.grace).count() * 1000;
  std::int64_t stays = -1, goes = (settled - now) / kDay + 1;
  if (!goes_in(goes)) return kNever;
  while (goes - stays > 1) {
    const std::int64_t between = stays + (goes - stays) / 2;
    (goes_in(between) ? goes : stays) = between;
  }
  return now + goes * kDay;
}

}  // namespace streamd::retention
