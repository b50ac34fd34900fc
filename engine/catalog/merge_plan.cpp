#include "catalog/merge_plan.h"

#include <algorithm>
#include <tuple>

namespace streamd::catalog {
namespace {

constexpr std::size_t kMostInputs = 64;  // of one merge where a border follows

// Each `all` segment, and the one that holds it: itself when no other does. By first transaction.
std::vector<Covered> find_cover(const GenerationTimeline& generation) {
  std::vector<Covered> all;
  for (const auto& [level, list] : generation.segments)
    for (const Segment& segment : list)
      if (segment.complete && segment.key.completeness == Completeness::kAll)
        all.push_back({&segment, nullptr});
  std::sort(all.begin(), all.end(), [](const Covered& a, const Covered& b) {
    const SegmentKey &x = a.segment->key, &y = b.segment->key;
    return std::tie(x.first, y.last, y.level) < std::tie(y.first, x.last, x.level);
  });
  const Segment* farthest = nullptr;
  for (Covered& each : all) {
    if (farthest == nullptr || each.segment->key.last > farthest->key.last) farthest = each.segment;
    each.by = farthest;
  }
  return all;
}

class Planner {
 public:
  Planner(const GenerationTimeline& generation, const MergeRules& rules,
          const std::set<Txid>& borders)
      : generation_(generation), rules_(rules), borders_(borders) {
    for (const Snapshot& snapshot : generation.snapshots) borders_.insert(snapshot.key.txid);
    for (const auto& [level, list] : generation.segments)
      for (const Segment& segment : list)
        if (segment.key.completeness == Completeness::kDelta)
          borders_.insert(segment.key.first.prior());
  }
  std::vector<Merge> plan();

 private:
  bool is_settled(const Segment& segment) const {
    return segment.key.piece.count > 1 || segment.size >= rules_.settled;
  }
  bool clock_stepped(Micros from, Micros to);
  void end_region(bool closed);
  void merge_levels();
  std::size_t due_at(std::size_t begin, std::size_t end) const;
  void merge_rest();
  void add(std::size_t begin, std::size_t end, std::uint8_t level);

  const GenerationTimeline& generation_;
  const MergeRules& rules_;
  std::set<Txid> borders_;
  std::vector<const Segment*> region_;  // neighbours that may be merged with each other
  std::vector<Micros> peaks_;           // times that the clock has stepped back from, falling
  std::vector<Merge> merges_;
};

std::vector<Merge> Planner::plan() {
  if (generation_.snapshots.empty()) return {};
  const Txid begin = generation_.snapshots.front().key.txid;
  Txid reached = begin;
  Micros time = generation_.snapshots.front().key.time;
  for (const Covered& each : find_cover(generation_)) {
    const Segment& segment = *each.segment;
    if (each.by != &segment || segment.key.first <= begin) continue;
    const bool follows = segment.key.first == reached.next();
    const bool border = borders_.contains(reached) || clock_stepped(time, segment.key.time);
    if (!follows || border) end_region(border);
    if (is_settled(segment))
      end_region(follows);
    else
      region_.push_back(&segment);
    reached = segment.key.last;
    time = segment.key.time;
  }
  end_region(borders_.contains(reached));
  return std::move(merges_);
}

// Back, or past the time that it had stepped back from. A name tells only when its last transaction
// was seen: with such a step inside, an object could hide a moment from whoever looks by time.
bool Planner::clock_stepped(Micros from, Micros to) {
  if (to < from) return peaks_.push_back(from), true;
  bool passed = false;
  for (; !peaks_.empty() && to >= peaks_.back(); peaks_.pop_back()) passed = true;
  return passed;
}

// `closed`: nothing will follow what is there.
void Planner::end_region(bool closed) {
  if (closed)
    merge_rest();
  else
    merge_levels();
  region_.clear();
}

// How many of the neighbours of one level become one now; 0 = more have to come first.
std::size_t Planner::due_at(std::size_t begin, std::size_t end) const {
  const std::size_t most = rules_.fan_in * rules_.fan_in;
  std::uint64_t bytes = 0;
  for (std::size_t count = 1; begin + count <= end; ++count) {
    bytes += region_[begin + count - 1]->size;
    if (count < rules_.fan_in) continue;
    const bool light = count == rules_.fan_in && bytes < rules_.light;
    if (region_[begin]->key.level > 0 || light || bytes >= rules_.settled || count == most)
      return count;
  }
  return 0;
}

// Those of one level that lie side by side, from the oldest on.
void Planner::merge_levels() {
  for (std::size_t begin = 0, end = 0; begin < region_.size(); begin = end) {
    const std::uint8_t level = region_[begin]->key.level;
    while (end < region_.size() && region_[end]->key.level == level) ++end;
    if (level >= rules_.top_level) continue;
    for (std::size_t at = begin; const std::size_t count = due_at(at, end); at += count) {
      const int higher = level + (count == rules_.fan_in ? 1 : 2);
      add(at, at + count, std::min(static_cast<std::uint8_t>(higher), rules_.top_level));
    }
  }
}

void Planner::merge_rest() {
  const std::uint64_t most_bytes = rules_.settled * rules_.fan_in;
  for (std::size_t begin = 0, end = 0; begin < region_.size(); begin = end) {
    std::uint64_t bytes = 0;
    std::uint8_t level = 0;
    for (; end < region_.size() && end - begin < kMostInputs; ++end) {
      bytes += region_[end]->size;
      if (end > begin && bytes > most_bytes) break;
      level = std::max(level, region_[end]->key.level);
    }
    if (end - begin < 2) continue;
    add(begin, end, std::min<std::uint8_t>(level, rules_.top_level - 1) + 1);
  }
}

void Planner::add(std::size_t begin, std::size_t end, std::uint8_t level) {
  Merge merge;
  merge.level = level;
  for (std::size_t i = begin; i < end; ++i) {
    merge.inputs.push_back(region_[i]->key);
    merge.bytes += region_[i]->size;
  }
  merges_.push_back(std::move(merge));
}

}  // namespace

std::vector<Merge> due_merges(const GenerationTimeline& generation, const MergeRules& rules,
                              const std::set<Txid>& borders) {
  return Planner(generation, rules, borders).plan();
}

std::vector<Covered> covered_segments(const GenerationTimeline& generation) {
  std::vector<Covered> covered = find_cover(generation);
  std::erase_if(covered, [&](const Covered& each) {
    if (each.by == each.segment) return true;
    const Snapshot* inside = generation.snapshot_at_or_before(each.by->key.last.prior());
    return inside != nullptr && inside->key.txid >= each.by->key.first;
  });
  return covered;
}

}  // namespace streamd::catalog
