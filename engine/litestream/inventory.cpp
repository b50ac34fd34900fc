#include "litestream/inventory.h"

#include <algorithm>
#include <tuple>

namespace streamd::litestream {
namespace {

class Sorter {
 public:
  void add(const std::string& key, const storage::ObjectStat& stat) {
    const Stored object{key, stat.size, stat.mtime_ns / 1000};
    const Name name = parse_name(key);
    if (const auto* snapshot = std::get_if<SnapshotName>(&name))
      generation(snapshot->generation).snapshots.push_back({snapshot->index, object});
    else if (const auto* segment = std::get_if<SegmentName>(&name))
      generation(segment->generation).segments.push_back({segment->index, segment->offset, object});
    else if (const auto* file = std::get_if<LtxName>(&name))
      inventory_.files.push_back({file->level, file->first, file->last, object});
  }
  Inventory take() {
    for (auto& [id, generation] : generations_) {
      std::ranges::sort(generation.snapshots, {}, &Snapshot::index);
      std::ranges::sort(generation.segments, {}, [](const Segment& segment) {
        return std::tuple(segment.index, segment.offset);
      });
      inventory_.generations.push_back(std::move(generation));
    }
    std::ranges::stable_sort(inventory_.generations, {}, &Generation::updated);
    std::ranges::sort(inventory_.files, {}, [](const LtxFile& file) {
      return std::tuple(file.level, file.last, file.first);
    });
    return std::move(inventory_);
  }

 private:
  Generation& generation(GenerationId id) {
    Generation& found = generations_[id];
    found.id = id;
    return found;
  }
  std::map<GenerationId, Generation> generations_;
  Inventory inventory_;
};

}  // namespace

Micros Generation::updated() const {
  Micros newest = 0;
  for (const Snapshot& snapshot : snapshots) newest = std::max(newest, snapshot.object.time);
  for (const Segment& segment : segments) newest = std::max(newest, segment.object.time);
  return newest;
}

Result<Inventory> take_inventory(storage::Store& store, const storage::Call& call) {
  Sorter sorter;
  const storage::ListSink sink = [&](const std::string& key,
                                     const storage::ObjectStat& stat) -> Status {
    sorter.add(key, stat);
    return {};
  };
  TRY(store.list("", "", sink, call));
  return sorter.take();
}

std::string versions_of(const Inventory& inventory) {
  if (inventory.files.empty()) return "Litestream 0.3";
  return inventory.generations.empty() ? "Litestream 0.5" : "Litestream 0.3 and 0.5";
}

}  // namespace streamd::litestream
