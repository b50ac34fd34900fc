#include "replicate/contents.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace streamd::replicate {
namespace {

// As read_timeline has them.
bool before(const catalog::Segment& a, const catalog::Segment& b) {
  return std::tuple(a.key.first, a.key.last, a.key.completeness) <
         std::tuple(b.key.first, b.key.last, b.key.completeness);
}

}  // namespace

void Contents::begin(GenerationId generation, const catalog::GenerationTimeline* listed,
                     MonoTime now, Micros oldest) {
  View known;
  known.listed = now;
  if (listed != nullptr) {
    known.generation = *listed;
    for (const catalog::Part& part : listed->parts)
      known.newest_mtime_ns = std::max(known.newest_mtime_ns, part.mtime_ns);
    for (const catalog::Snapshot& snapshot : listed->snapshots)
      known.newest_mtime_ns = std::max(known.newest_mtime_ns, snapshot.mtime_ns);
    for (const auto& [level, segments] : listed->segments)
      for (const catalog::Segment& segment : segments)
        known.newest_mtime_ns = std::max(known.newest_mtime_ns, segment.mtime_ns);
    known.generation.parts.clear();
    known.generation.spans.clear();
    known.generation.holes.clear();
  }
  known.generation.id = generation;
  const std::lock_guard lock(mutex_);
  if (known_.generation.id == generation) known.borders = std::move(known_.borders);
  known_ = std::move(known);
  oldest_ = oldest;
  ++merged_;
}

void Contents::add(const catalog::SegmentKey& last_piece, std::vector<std::uint64_t> sizes) {
  catalog::Segment segment;
  segment.key = last_piece;
  segment.size = std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0});
  segment.sizes = std::move(sizes);
  segment.complete = true;
  const std::lock_guard lock(mutex_);
  if (known_.generation.id != last_piece.generation) return;
  if (last_piece.level > 0) ++merged_;
  auto& level = known_.generation.segments[last_piece.level];
  const auto at = std::lower_bound(level.begin(), level.end(), segment, before);
  if (at != level.end() && !before(segment, *at))
    *at = std::move(segment);
  else
    level.insert(at, std::move(segment));
}

void Contents::add(const catalog::SnapshotKey& key, std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  if (known_.generation.id != key.generation) return;
  auto& snapshots = known_.generation.snapshots;
  const auto at = std::find_if(snapshots.begin(), snapshots.end(),
                               [&](const auto& other) { return key.txid <= other.key.txid; });
  if (at != snapshots.end() && at->key.txid == key.txid) return;
  snapshots.insert(at, {key, size, 0});
}

void Contents::remove(const catalog::SegmentKey& key) {
  const std::lock_guard lock(mutex_);
  const auto level = known_.generation.segments.find(key.level);
  if (level == known_.generation.segments.end()) return;
  std::erase_if(level->second, [&](const catalog::Segment& segment) { return segment.key == key; });
  if (level->second.empty()) known_.generation.segments.erase(level);
}

void Contents::forget(const catalog::SegmentKey& key) {
  remove(key);
  const std::lock_guard lock(mutex_);
  ++forgotten_;
}

void Contents::remove(const catalog::SnapshotKey& key) {
  const std::lock_guard lock(mutex_);
  std::erase_if(known_.generation.snapshots,
                [&](const catalog::Snapshot& snapshot) { return snapshot.key == key; });
}

void Contents::add_border(GenerationId generation, Txid txid) {
  const std::lock_guard lock(mutex_);
  if (known_.generation.id == generation) known_.borders.insert(txid);
}

Contents::View Contents::view() const {
  const std::lock_guard lock(mutex_);
  return known_;
}

GenerationId Contents::generation() const {
  const std::lock_guard lock(mutex_);
  return known_.generation.id;
}

Micros Contents::oldest() const {
  const std::lock_guard lock(mutex_);
  return oldest_;
}

bool Contents::is_border(GenerationId generation, Txid txid) const {
  const std::lock_guard lock(mutex_);
  if (known_.generation.id != generation) return false;
  const catalog::Snapshot* snapshot = known_.generation.snapshot_at_or_before(txid);
  return known_.borders.contains(txid) || (snapshot != nullptr && snapshot->key.txid == txid);
}

std::uint64_t Contents::forgotten() const {
  const std::lock_guard lock(mutex_);
  return forgotten_;
}

std::uint64_t Contents::merged() const {
  const std::lock_guard lock(mutex_);
  return merged_;
}

}  // namespace streamd::replicate
