// What a listing of a replica tells: which moments can be restored, from what, and where the holes
// are. Pure.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catalog/key.h"

namespace streamd::catalog {

struct Listed {
  std::string key;            // relative to the replica's path
  std::uint64_t size = 0;     // bytes
  std::int64_t mtime_ns = 0;  // by the store's clock; 0 = not known
};

struct Snapshot {
  SnapshotKey key;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
};

struct Part {
  PartKey key;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
};

// All pieces of one segment.
struct Segment {
  SegmentKey key;                      // of the last piece: its index equals its count
  std::vector<std::uint64_t> sizes;    // of the pieces that are there, in order
  std::vector<std::uint32_t> present;  // which these are; empty when all are
  std::uint64_t size = 0;              // of the pieces that are there
  std::int64_t mtime_ns = 0;           // the newest
  bool complete = false;               // every piece is there; others are never used
  // The key of piece i (from 1).
  SegmentKey piece(std::uint32_t i) const;
};

// Consecutive transactions, each of which can be restored. Times are those in names: known for both
// edges, `first_time` being the snapshot's or the hole-ending delta's own.
struct Span {
  Txid first{}, last{};
  Micros first_time = 0, last_time = 0;
  bool operator==(const Span&) const = default;
};

// Transactions that cannot be restored, between two that can.
struct Hole {
  Txid before{}, after{};  // the edges: both can be restored
  Micros before_time = 0, after_time = 0;
  bool operator==(const Hole&) const = default;
};

class GenerationTimeline {
 public:
  GenerationId id{};
  std::vector<Snapshot> snapshots;                        // by txid, then time
  std::vector<Part> parts;                                // by first page, then txid
  std::map<std::uint8_t, std::vector<Segment>> segments;  // per level, by first, then last
  std::vector<Span> spans;                                // ascending, apart
  std::vector<Hole> holes;                                // one between each two spans

  // The complete segments that begin with the transaction after `txid`, on any level, the farthest
  // first; of equally far ones the one with the fewest bytes. They are the only ones that apply to
  // the database as of `txid`. Pointers into this object.
  std::vector<const Segment*> continuing(Txid txid) const;
  // The newest snapshot at or before `txid`; null when there is none.
  const Snapshot* snapshot_at_or_before(Txid txid) const;
  bool restorable(Txid txid) const;
  // The newest moment that can be restored; null before the first snapshot.
  const Span* newest() const { return spans.empty() ? nullptr : &spans.back(); }
  // The highest transaction that any object names, restorable or not.
  Txid tip() const;
};

class Timeline {
 public:
  bool has_marker = false;
  std::optional<std::uint32_t> writer;          // the highest of writers/
  std::vector<GenerationTimeline> generations;  // ascending by (epoch, random bits)
  std::vector<std::string> others;              // keys that are not ours, or reserved

  const GenerationTimeline* find(GenerationId id) const;
  // The newest generation of which a moment can be restored; null when none can.
  const GenerationTimeline* newest_restorable() const;
  // Some object of a generation is there: a backup was at least begun.
  bool begun() const { return !generations.empty(); }
};

// In any order, with or without duplicates.
Timeline read_timeline(std::span<const Listed> listing);
// Spans and holes anew from the objects, for who knows their times better than names tell them.
void find_moments(GenerationTimeline& generation);

}  // namespace streamd::catalog
