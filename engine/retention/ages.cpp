#include "retention/ages.h"

#include <algorithm>
#include <vector>

#include "retention/rules.h"

namespace streamd::retention {
namespace {

// Transactions by the objects that end with them, with the latest time that is known of them.
std::map<Txid, std::optional<Micros>> named_moments(const catalog::GenerationTimeline& generation,
                                                    Micros now) {
  std::map<Txid, std::optional<Micros>> named;
  const auto note = [&](Txid txid, Micros name_time, std::int64_t mtime_ns) {
    auto& time = named[txid];
    if (const auto known = known_time(name_time, mtime_ns, now))
      time = std::max(time.value_or(*known), *known);
  };
  for (const catalog::Snapshot& snapshot : generation.snapshots)
    note(snapshot.key.txid, snapshot.key.time, snapshot.mtime_ns);
  for (const auto& [level, segments] : generation.segments)
    for (const catalog::Segment& segment : segments)
      if (segment.complete) note(segment.key.last, segment.key.time, segment.mtime_ns);
  return named;
}

}  // namespace

std::optional<Micros> known_time(Micros name_time, std::int64_t mtime_ns, Micros now) {
  if (mtime_ns == 0) return std::nullopt;
  const Micros time = std::max(name_time, mtime_ns / 1000);
  if (time > now + kClockSkew) return std::nullopt;
  return time;
}

Starts moments_at(const catalog::Timeline& timeline, milliseconds age, Micros now) {
  struct Known {
    GenerationId generation;
    Txid txid;
    Micros time = 0;  // never before that of the moment before: else nobody knows when it was
    bool restorable = false;
  };
  std::vector<Known> moments;
  for (const catalog::GenerationTimeline& generation : timeline.generations)
    for (const auto& [txid, time] : named_moments(generation, now)) {
      if (!time || (!moments.empty() && *time < moments.back().time)) continue;
      moments.push_back({generation.id, txid, *time, generation.restorable(txid)});
    }
  const Micros wanted = age.count() * 1000, longest_pause = wanted / 4;
  Starts starts;
  Micros lived = 0, next = now;
  for (auto moment = moments.rbegin(); moment != moments.rend(); ++moment) {
    lived += std::clamp(next - moment->time, Micros{0}, longest_pause);
    next = std::min(next, moment->time);
    if (lived >= wanted && moment->restorable) starts.emplace(moment->generation, moment->txid);
  }
  return starts;
}

}  // namespace streamd::retention
