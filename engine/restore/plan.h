// What has to be fetched for a moment, and in which order. Pure.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "catalog/timeline.h"
#include "restore/moment.h"
#include "segment/index.h"

namespace streamd::restore {

struct PlannedObject {
  std::string key;         // relative to the replica's path
  std::uint64_t size = 0;  // bytes
  bool operator==(const PlannedObject&) const = default;
};

struct PlannedSegment {
  catalog::SegmentKey key;  // of the last piece
  std::vector<PlannedObject> pieces;
  std::uint32_t skip = 0;  // transactions at its beginning that the file holds already
};

struct Plan {
  Moment moment;
  bool newest = false;  // nothing newer is known in any replica that was asked, and all answered
  catalog::SnapshotKey snapshot;
  // Absent when the plan goes on from a moment that was already restored.
  std::optional<PlannedObject> manifest;
  std::vector<PlannedObject> parts;  // once the manifest was read: add_parts
  std::vector<PlannedSegment> segments;
  std::uint64_t bytes() const;  // to fetch: the sum of all objects
  // The ordinal of the wanted transaction in a segment of the plan; all of it before that.
  std::uint32_t cut(const PlannedSegment& segment) const;
};

// The newest snapshot from which the moment can be reached, then the fewest segments, of equally
// many the fewest bytes. kCorrupt when the chain has a gap.
Result<Plan> make_plan(const catalog::Timeline& timeline, const Moment& moment);
// May a plan begin in the middle of a segment? It may have become part of one that holds more; but
// only reading it tells whether it can be entered there (batches.h).
enum class Entry : std::uint8_t { kAtBeginnings, kAnywhere };
// From the state after `from`, a moment of the same generation, without a snapshot; kOutsideWindow
// when no chain leads on from there.
Result<Plan> continue_plan(const catalog::Timeline& timeline, const Moment& moment, Txid from,
                           Entry entry = Entry::kAtBeginnings);
// The last transaction that segments lead to from the state after `from`, which may lie in the
// middle of one; `from` when none does.
Txid reachable_from(const catalog::GenerationTimeline& generation, Txid from);
// What cannot be used: snapshots and segments by their keys (of one in pieces, that of the last).
void leave_out(catalog::Timeline& timeline, const std::set<std::string>& keys);
// The key, as leave_out() takes it, of what a restore by this plan failed in that had reached the
// state after `reached`; of the snapshot when that is no transaction.
std::string failed_in(const Plan& plan, Txid reached);
// The parts the manifest names. kCorrupt when they overlap or belong to another generation.
Status add_parts(Plan& plan, const segment::Manifest& manifest);

// For people and for --json: what is fetched for which moment.
std::string describe(const Plan& plan);
Json to_json(const Plan& plan);

}  // namespace streamd::restore
