// What a replica of Litestream holds, by its listing.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "litestream/name.h"
#include "storage/store.h"

namespace streamd::litestream {

struct Stored {
  std::string key;
  std::uint64_t size = 0;  // bytes
  // When it was stored, by the store's clock: the only time that 0.3 keeps. For 0.5 the header says
  // it (header_times.h).
  Micros time = 0;
};

struct Snapshot {
  std::uint32_t index = 0;
  Stored object;
};
struct Segment {
  std::uint32_t index = 0;
  std::uint64_t offset = 0;  // bytes
  Stored object;
};
// Of 0.3.
struct Generation {
  GenerationId id{};
  std::vector<Snapshot> snapshots;  // ascending
  std::vector<Segment> segments;    // ascending by index and offset
  Micros updated() const;           // when the newest object was stored; 0 = there is none
};

// Of 0.5: the pages that changed from `first` to `last`, as they were at `last`. All pages when
// `first` is 1.
struct LtxFile {
  unsigned level = 0;
  Txid first{}, last{};
  Stored object;
};

struct Inventory {
  std::vector<Generation> generations;  // 0.3, ascending by when they were last written
  std::vector<LtxFile> files;           // 0.5, ascending by level, last, first
  bool empty() const { return generations.empty() && files.empty(); }
};

// Names that are not Litestream's are passed over, so it is empty where there is none of its.
Result<Inventory> take_inventory(storage::Store& store, const storage::Call& call);

// "Litestream 0.3", "Litestream 0.5", "Litestream 0.3 and 0.5".
std::string versions_of(const Inventory& inventory);

}  // namespace streamd::litestream
