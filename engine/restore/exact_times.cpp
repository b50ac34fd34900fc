#include "restore/exact_times.h"

#include <algorithm>
#include <mutex>

#include "restore/workers.h"
#include "segment/reader.h"

namespace streamd::restore {
namespace {

constexpr unsigned kParallel = 8;
constexpr Micros kRestOfMillisecond = 999;

// An object whose time is wanted.
struct Wanted {
  std::string key;
  std::uint64_t size = 0;
  Micros* time = nullptr;  // in the timeline
};

bool is_edge(const catalog::GenerationTimeline& generation, Txid txid) {
  return std::any_of(
      generation.spans.begin(), generation.spans.end(),
      [&](const catalog::Span& span) { return span.first == txid || span.last == txid; });
}

std::vector<Wanted> wanted_objects(catalog::Timeline& timeline, TimesOf which) {
  std::vector<Wanted> wanted;
  for (catalog::GenerationTimeline& generation : timeline.generations) {
    if (which != TimesOf::kSegments)
      for (catalog::Snapshot& snapshot : generation.snapshots)
        if (which == TimesOf::kSnapshots || &snapshot == &generation.snapshots.back() ||
            is_edge(generation, snapshot.key.txid))
          wanted.push_back({to_text(snapshot.key), snapshot.size, &snapshot.key.time});
    if (which == TimesOf::kSnapshots) continue;
    for (auto& [level, segments] : generation.segments)
      for (catalog::Segment& segment : segments)
        if (segment.complete &&
            (which == TimesOf::kSegments || is_edge(generation, segment.key.last)))
          wanted.push_back({to_text(segment.key), segment.sizes.back(), &segment.key.time});
  }
  return wanted;
}

// The name stays what it is: a header that disagrees with it is not believed.
void refine(Micros& time, Micros recorded) {
  if (format_time_compact(time) == format_time_compact(recorded)) time = recorded;
}

}  // namespace

Result<std::vector<Error>> read_exact_times(storage::Store& store, catalog::Timeline& timeline,
                                            TimesOf which, const storage::Call& call) {
  const std::vector<Wanted> wanted = wanted_objects(timeline, which);
  std::vector<Error> damaged;
  std::mutex mutex;
  Workers workers(static_cast<unsigned>(std::min<std::size_t>(kParallel, wanted.size() + 1)));
  TRY(workers.run(wanted.size(), [&](std::size_t i) -> Status {
    const auto source = storage::object_source(store, wanted[i].key, wanted[i].size, call);
    auto header = segment::read_header(*source);
    if (header) {
      refine(*wanted[i].time, header->last_seen);
      return {};
    }
    if (header.error().code == Code::kNotFound) return {};
    Error error = std::move(header.error()).with_context("read object " + wanted[i].key);
    if (error.code != Code::kCorrupt) return error;
    const std::lock_guard lock(mutex);
    damaged.push_back(std::move(error));
    return {};
  }));
  for (catalog::GenerationTimeline& generation : timeline.generations) find_moments(generation);
  return damaged;
}

void round_up_times(catalog::Timeline& timeline) {
  const auto round_up = [](Micros& time) {
    if (time % 1000 == 0) time += kRestOfMillisecond;
  };
  for (catalog::GenerationTimeline& generation : timeline.generations) {
    for (catalog::Snapshot& snapshot : generation.snapshots) round_up(snapshot.key.time);
    for (auto& [level, segments] : generation.segments)
      for (catalog::Segment& segment : segments) round_up(segment.key.time);
    find_moments(generation);
  }
}

}  // namespace streamd::restore
