// What is known to lie in a replica, of the generation it has joined: what the listing showed when
// it was joined, and what happened since. So its upkeep needs no listing. Any thread.
#pragma once
#include <mutex>
#include <set>
#include <vector>

#include "base/clock.h"
#include "catalog/timeline.h"

namespace streamd::replicate {

class Contents {
 public:
  // `listed` may be null: nothing of the generation is there. `oldest`: see there.
  void begin(GenerationId generation, const catalog::GenerationTimeline* listed, MonoTime now,
             Micros oldest);
  // Something was put or removed; what belongs to another generation is not kept here.
  void add(const catalog::SegmentKey& last_piece, std::vector<std::uint64_t> sizes);
  void add(const catalog::SnapshotKey& key, std::uint64_t size);
  void remove(const catalog::SegmentKey& key);
  void remove(const catalog::SnapshotKey& key);
  // It is there and no good: what it was made from is to be merged again.
  void forget(const catalog::SegmentKey& key);
  // A snapshot may come to lie at this moment, and stay even when its upload seems to fail.
  void add_border(GenerationId generation, Txid txid);

  struct View {
    // Snapshots and segments; no parts, spans and holes. What came in this life has no mtime.
    catalog::GenerationTimeline generation;
    std::set<Txid> borders;
    // Of the listing: when it was made, and the newest mtime in it; 0 = not known.
    MonoTime listed{};
    std::int64_t newest_mtime_ns = 0;
  };
  View view() const;  // a copy
  GenerationId generation() const;
  // The earliest time that an object of the whole replica said when it was listed, see
  // retention::oldest_time.
  Micros oldest() const;
  // A snapshot lies at this moment, or may come to: no object should hold it and what follows it.
  bool is_border(GenerationId generation, Txid txid) const;
  std::uint64_t merged() const;     // goes up with every segment above level 0, and with begin
  std::uint64_t forgotten() const;  // how many were

 private:
  mutable std::mutex mutex_;
  View known_;
  Micros oldest_ = 0;
  std::uint64_t merged_ = 0, forgotten_ = 0;
};

}  // namespace streamd::replicate
