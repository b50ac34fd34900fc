#include "catalog/timeline.h"

#include <algorithm>
#include <tuple>

namespace streamd::catalog {
namespace {

// One name of a segment without its piece: what its pieces have in common.
using Group = std::tuple<std::uint8_t, Txid, Txid, Completeness, Micros, std::uint32_t>;

class Builder {
 public:
  void add(const Listed& object, const SnapshotKey& key) {
    at(key.generation).snapshots.push_back({key, object.size, object.mtime_ns});
  }
  void add(const Listed& object, const PartKey& key) {
    at(key.generation).parts.push_back({key, object.size, object.mtime_ns});
  }
  void add(const Listed& object, const SegmentKey& key);
  std::vector<GenerationTimeline> finish();

 private:
  GenerationTimeline& at(GenerationId id) {
    GenerationTimeline& generation = generations_[id];
    generation.id = id;
    return generation;
  }
  void finish_segments(GenerationTimeline& generation);

  std::map<GenerationId, GenerationTimeline> generations_;
  std::map<GenerationId, std::map<Group, std::map<std::uint32_t, Listed>>> pieces_;
};

void Builder::add(const Listed& object, const SegmentKey& key) {
  at(key.generation);
  const Group group{key.level, key.first, key.last, key.completeness, key.time, key.piece.count};
  pieces_[key.generation][group].emplace(key.piece.index, object);
}

Segment make_segment(GenerationId generation, const Group& group,
                     const std::map<std::uint32_t, Listed>& pieces) {
  const auto& [level, first, last, completeness, time, count] = group;
  Segment segment;
  segment.key = {generation, level, first, last, time, Piece{count, count}, completeness};
  segment.complete = pieces.size() == count;
  for (const auto& [index, object] : pieces) {
    segment.sizes.push_back(object.size);
    if (!segment.complete) segment.present.push_back(index);
    segment.size += object.size;
    segment.mtime_ns = std::max(segment.mtime_ns, object.mtime_ns);
  }
  return segment;
}

// The same range under two names (sealed again after a crash, cut into other pieces): the complete
// one stays, else the one with the later time.
bool better(const Segment& a, const Segment& b) {
  return std::tuple(a.complete, a.key.time, b.size) > std::tuple(b.complete, b.key.time, a.size);
}

void Builder::finish_segments(GenerationTimeline& generation) {
  for (const auto& [group, pieces] : pieces_[generation.id]) {
    Segment segment = make_segment(generation.id, group, pieces);
    auto& level = generation.segments[segment.key.level];
    const auto same = [](const SegmentKey& key) {
      return std::tuple(key.first, key.last, key.completeness);
    };
    if (level.empty() || same(level.back().key) != same(segment.key))
      level.push_back(std::move(segment));
    else if (better(segment, level.back()))
      level.back() = std::move(segment);
  }
}

template <class Object, class Order>
void sort_unique(std::vector<Object>& objects, Order order) {
  std::sort(objects.begin(), objects.end(),
            [&](const Object& a, const Object& b) { return order(a.key) < order(b.key); });
  objects.erase(std::unique(objects.begin(), objects.end(),
                            [](const Object& a, const Object& b) { return a.key == b.key; }),
                objects.end());
}

// Reached moments as maximal spans. A span of one transaction per snapshot, `last` and `delta`, of
// a range per `all`.
std::vector<Span> join(std::vector<Span> pieces) {
  std::sort(pieces.begin(), pieces.end(), [](const Span& a, const Span& b) {
    return std::tie(a.first, a.last) < std::tie(b.first, b.last);
  });
  std::vector<Span> spans;
  for (const Span& piece : pieces) {
    // The last transaction there can be has none after it.
    if (spans.empty() ||
        (piece.first > spans.back().last && piece.first.value - spans.back().last.value > 1)) {
      spans.push_back(piece);
    } else if (piece.last > spans.back().last) {
      spans.back().last = piece.last;
      spans.back().last_time = piece.last_time;
    }
  }
  return spans;
}

// Everything that the snapshots and the segments after them lead to.
std::vector<Span> reach(const GenerationTimeline& generation) {
  std::vector<Span> pieces;
  std::map<Txid, Micros> waiting;  // segments lead upwards only, so none comes back
  for (const Snapshot& snapshot : generation.snapshots) {
    pieces.push_back({snapshot.key.txid, snapshot.key.txid, snapshot.key.time, snapshot.key.time});
    waiting.emplace(snapshot.key.txid, snapshot.key.time);
  }
  while (!waiting.empty()) {
    const auto [from, from_time] = *waiting.begin();
    waiting.erase(waiting.begin());
    for (const Segment* segment : generation.continuing(from)) {
      const SegmentKey& key = segment->key;
      // A range touches the moment it continues, whose time is known.
      if (key.completeness == Completeness::kAll)
        pieces.push_back({from, key.last, from_time, key.time});
      else
        pieces.push_back({key.last, key.last, key.time, key.time});
      waiting.emplace(key.last, key.time);
    }
  }
  return join(std::move(pieces));
}

std::vector<GenerationTimeline> Builder::finish() {
  std::vector<GenerationTimeline> all;
  for (auto& [id, generation] : generations_) {
    sort_unique(generation.snapshots,
                [](const SnapshotKey& key) { return std::tuple(key.txid, key.time); });
    sort_unique(generation.parts,
                [](const PartKey& key) { return std::tuple(key.first_page, key.txid, key.hash); });
    finish_segments(generation);
    find_moments(generation);
    all.push_back(std::move(generation));
  }
  return all;
}

}  // namespace

void find_moments(GenerationTimeline& generation) {
  generation.spans = reach(generation);
  generation.holes.clear();
  for (std::size_t i = 1; i < generation.spans.size(); ++i) {
    const Span &before = generation.spans[i - 1], &after = generation.spans[i];
    generation.holes.push_back({before.last, after.first, before.last_time, after.first_time});
  }
}

SegmentKey Segment::piece(std::uint32_t i) const {
  SegmentKey one = key;
  one.piece.index = i;
  return one;
}

std::vector<const Segment*> GenerationTimeline::continuing(Txid txid) const {
  std::vector<const Segment*> found;
  for (const auto& [level, list] : segments) {
    auto at = std::lower_bound(
        list.begin(), list.end(), txid.next(),
        [](const Segment& segment, Txid first) { return segment.key.first < first; });
    for (; at != list.end() && at->key.first == txid.next(); ++at)
      if (at->complete) found.push_back(&*at);
  }
  std::stable_sort(found.begin(), found.end(), [](const Segment* a, const Segment* b) {
    return std::tuple(b->key.last, a->size) < std::tuple(a->key.last, b->size);
  });
  return found;
}

const Snapshot* GenerationTimeline::snapshot_at_or_before(Txid txid) const {
  const auto after = std::upper_bound(
      snapshots.begin(), snapshots.end(), txid,
      [](Txid wanted, const Snapshot& snapshot) { return wanted < snapshot.key.txid; });
  return after == snapshots.begin() ? nullptr : &*std::prev(after);
}

bool GenerationTimeline::restorable(Txid txid) const {
  return std::any_of(spans.begin(), spans.end(),
                     [&](const Span& span) { return span.first <= txid && txid <= span.last; });
}

Txid GenerationTimeline::tip() const {
  Txid highest;
  for (const Snapshot& snapshot : snapshots) highest = std::max(highest, snapshot.key.txid);
  for (const auto& [level, list] : segments)
    for (const Segment& segment : list) highest = std::max(highest, segment.key.last);
  return highest;
}

const GenerationTimeline* Timeline::find(GenerationId id) const {
  for (const GenerationTimeline& generation : generations)
    if (generation.id == id) return &generation;
  return nullptr;
}

const GenerationTimeline* Timeline::newest_restorable() const {
  for (auto at = generations.rbegin(); at != generations.rend(); ++at)
    if (at->newest() != nullptr) return &*at;
  return nullptr;
}

Timeline read_timeline(std::span<const Listed> listing) {
  Timeline timeline;
  Builder builder;
  for (const Listed& object : listing) {
    const Key key = parse_key(object.key);
    if (std::holds_alternative<MarkerKey>(key)) {
      timeline.has_marker = true;
    } else if (const auto* writer = std::get_if<WriterKey>(&key)) {
      timeline.writer = std::max(timeline.writer.value_or(0), writer->number);
    } else if (const auto* snapshot = std::get_if<SnapshotKey>(&key)) {
      builder.add(object, *snapshot);
    } else if (const auto* part = std::get_if<PartKey>(&key)) {
      builder.add(object, *part);
    } else if (const auto* segment = std::get_if<SegmentKey>(&key)) {
      builder.add(object, *segment);
    } else if (!std::holds_alternative<KeysKey>(key)) {
      timeline.others.push_back(object.key);
    }
  }
  timeline.generations = builder.finish();
  return timeline;
}

}  // namespace streamd::catalog
