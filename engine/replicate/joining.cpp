// What a replica asks its store before it sends anything: who lives there, and how far it has come.
#include <algorithm>
#include <map>

#include "base/log.h"
#include "replicate/replica.h"
#include "retention/outlook.h"
#include "segment/reader.h"
#include "state/replica_place.h"

namespace streamd::replicate {
namespace {

constexpr std::uint64_t kMarkerLimit = 64 * kKiB;

Result<std::vector<catalog::Listed>> list_all(storage::Store& store, const storage::Call& call) {
  std::vector<catalog::Listed> listing;
  const auto note = [&](const std::string& key, const storage::ObjectStat& stat) -> Status {
    listing.push_back({key, stat.size, stat.mtime_ns});
    return {};
  };
  TRY(store.list(catalog::generations_prefix(), "", note, call));
  return listing;
}

Result<std::optional<catalog::Marker>> read_marker(storage::Store& store,
                                                   const storage::Call& call) {
  const auto raw =
      storage::get_all(store, catalog::to_text(catalog::MarkerKey{}), kMarkerLimit, call);
  if (!raw && raw.error().code == Code::kNotFound) return std::optional<catalog::Marker>{};
  if (!raw) return Error(raw.error());
  return std::optional(TRY(catalog::parse_marker(as_text(*raw))));
}

// A snapshot may have overtaken objects that still wait here (they are history all the same): the
// span after which the spool continues to the newest moment.
const catalog::Span& before_holes_we_fill(const catalog::GenerationTimeline& generation,
                                          const state::Spool& spool) {
  std::size_t at = generation.spans.size() - 1;
  for (; at > 0; --at) {
    const Txid before = generation.spans[at - 1].last;
    const auto queue = gapless(spool.objects_after(generation.id, before), before);
    if (queue.empty() || queue.back()->header.last < generation.spans[at].first) break;
  }
  return generation.spans[at];
}

// Its header says what the checksum of the database was at that moment. Empty when there is none.
std::string object_ending_at(const catalog::GenerationTimeline& generation, Txid txid) {
  for (const catalog::Snapshot& snapshot : generation.snapshots)
    if (snapshot.key.txid == txid) return catalog::to_text(snapshot.key);
  for (const auto& [level, segments] : generation.segments)
    for (const catalog::Segment& segment : segments)
      if (segment.complete && segment.key.last == txid) return catalog::to_text(segment.key);
  return "";
}

}  // namespace

Status Replica::discover() {
  const storage::Capabilities capabilities = TRY(store_->probe(call()));
  Discovery found;
  found.marker = TRY(read_marker(*store_, call()));
  if (!found.marker) {
    Status filled = state::refuse_if_emptied(settings_.state_folder, settings_.place);
    if (!filled) return std::move(filled.error()).with_context("replica " + name());
  }
  const catalog::Timeline timeline = catalog::read_timeline(TRY(list_all(*store_, call())));
  for (const catalog::GenerationTimeline& generation : timeline.generations) {
    found.newest = generation.id;
    found.highest = std::max(found.highest, generation.tip());
  }
  found.last = TRY(last_claim(*store_, call()));
  if (found.marker && !TRY(was_here())) {
    auto checksum = newest_checksum(timeline);
    found.unreadable = !checksum && checksum.error().code == Code::kAuth;
    if (!found.unreadable) found.checksum = TRY(std::move(checksum));
  }
  const std::lock_guard lock(mutex_);
  if_absent_ = capabilities.if_absent;
  discovery_ = found;
  return {};
}

// This local state has been joined to the replica before.
Result<bool> Replica::was_here() const {
  return state::was_replicated_to(settings_.state_folder, settings_.place);
}

Status Replica::put_marker(const state::Identity& identity) {
  const auto there = TRY(read_marker(*store_, call()));
  if (there && there->database == identity.database) {
    if (there->checksum_key == identity.checksum_key.value) return {};
    return make_error(Code::kDiverged,
                      "replica " + name() + " keeps this database's hashes with another key",
                      "move the local state away: it is rebuilt from what the replica says");
  }
  if (there)
    return make_error(
        Code::kDiverged,
        "replica " + name() + " holds another database (" + to_text(there->database) + ")",
        "give every database a path of its own in the storage");
  catalog::Marker marker;
  marker.database = identity.database;
  marker.checksum_key = identity.checksum_key.value;
  marker.created = clock_.wall_micros() / 1000 * 1000;
  const std::string text = catalog::encode_marker(marker);
  const MemorySource source(as_bytes(text));
  TRY(store_->put(catalog::to_text(catalog::MarkerKey{}), source, {if_absent_}, call()));
  return {};
}

// Of a snapshot that is there; its name has only the milliseconds.
Result<Micros> Replica::recorded_time(const catalog::Snapshot& snapshot) const {
  const storage::Call during = call();
  const auto source = storage::object_source(*store_, to_text(snapshot.key), snapshot.size, during);
  const auto header = segment::read_header(*source);
  if (header) return header->last_seen;
  const Code code = header.error().code;
  if (code == Code::kNotFound || code == Code::kCorrupt) return snapshot.key.time;
  return header.error();
}

// Those of our generation, before its first object; and those of earlier ones that got lost there.
Status Replica::publish_keys(GenerationId ours, const catalog::Timeline& timeline) {
  if (!settings_.keys) return {};
  std::set<GenerationId> generations{ours};
  for (const catalog::GenerationTimeline& each : timeline.generations) generations.insert(each.id);
  for (const GenerationId generation : generations)
    if (TRY(settings_.keys->publish(fenced_, generation, call())) &&
        timeline.find(generation) != nullptr)
      log_warn("the wrapped key of a generation was missing or damaged, and was put there anew",
               {{"database", host_.database_path()},
                {"replica", settings_.name},
                {"generation", to_text(generation)}});
  return {};
}

// Where does this replica stand?
Status Replica::join_store(const Joined& joined) {
  TRY(put_marker(joined.identity));
  catalog::Timeline timeline = catalog::read_timeline(TRY(list_all(*store_, call())));
  if (TRY(claim_place(joined, timeline))) {
    timeline = catalog::read_timeline(TRY(list_all(*store_, call())));
    TRY(must_be_our_past(timeline, joined));
  }
  if (!if_absent_) TRY(put_marker(joined.identity));  // it may have been put over by now
  TRY(publish_keys(joined.identity.generation, timeline));
  TRY(state::remember_place(settings_.state_folder, settings_.place));
  const GenerationId ours = joined.identity.generation;
  const catalog::GenerationTimeline* generation = timeline.find(ours);
  const catalog::Span* newest = generation == nullptr ? nullptr : generation->newest();
  TRY(send_past(timeline, joined.identity));
  const Micros snapshot_time =
      newest == nullptr ? 0 : TRY(recorded_time(generation->snapshots.back()));
  std::set<std::string> parts;
  for (const catalog::GenerationTimeline& each : timeline.generations)
    if (readable_alike(each.id))
      for (const catalog::Part& part : each.parts) parts.insert(catalog::to_text(part.key));
  const catalog::Span* reached =
      newest == nullptr ? nullptr : &before_holes_we_fill(*generation, host_.spool());
  contents_.begin(ours, generation, clock_.mono(), retention::oldest_time(timeline));
  const std::lock_guard lock(mutex_);
  TRY(load_dropped());  // half a join would bridge what waits in the spool with a snapshot
  joined_ = joined;
  known_parts_ = std::move(parts);
  status_.generation = ours;
  status_.acknowledged = reached == nullptr ? Txid{} : reached->last;
  status_.acknowledged_time = reached == nullptr                 ? 0
                              : reached->last == joined.tip.txid ? joined.tip.seen
                                                                 : reached->last_time;
  status_.snapshot = newest == nullptr ? Txid{} : generation->snapshots.back().key.txid;
  status_.snapshot_time = snapshot_time;
  status_.restorable = generation == nullptr ? std::vector<catalog::Span>{} : generation->spans;
  if (status_.restorable.size() > kMostSpans)
    status_.restorable.erase(status_.restorable.begin(), status_.restorable.end() - kMostSpans);
  base_.reset();
  reached_object_ = reached == nullptr ? "" : object_ending_at(*generation, reached->last);
  if (Status forgotten = forget_dropped(); !forgotten) {
    joined_.reset();
    return forgotten;
  }
  // What comes next must continue what is there; otherwise a snapshot bridges.
  const std::vector<state::SpoolObjectPtr> queued = queue();
  const Txid next = dropped_         ? dropped_->from()
                    : queued.empty() ? joined.tip.txid
                                     : Txid(queued.front()->header.first.value - 1);
  const bool continues = reached != nullptr && reached->last >= next;
  restorable_ = continues;
  snapshot_wanted_ = !continues;
  status_.state = continues ? ReplicaState::kReady : ReplicaState::kBeginning;
  status_.error.reset();
  log_info("replication started", {{"database", host_.database_path()},
                                   {"replica", settings_.name},
                                   {"generation", to_text(ours)},
                                   {"txid", joined.tip.txid.value},
                                   {"acknowledged", status_.acknowledged.value}});
  return {};
}

// A new snapshot may name its parts: who can open the one can open the other.
bool Replica::readable_alike(GenerationId generation) const {
  return !settings_.keys || settings_.keys->fits(generation);
}

// False: it is encrypted, and its key is lost here.
Result<bool> Replica::may_write(GenerationId generation) {
  if (!settings_.keys) return true;
  const auto key = settings_.keys->writing_key(*store_, generation, call());
  if (!key && key.error().code != Code::kAuth) return Error(key.error());
  return key.has_value();
}

// Objects of older generations that never left: they are history, so they go to where they
// continue.
Status Replica::send_past(const catalog::Timeline& timeline, const state::Identity& identity) {
  std::map<GenerationId, std::vector<state::SpoolObjectPtr>> past;
  for (const state::SpoolObjectPtr& object : host_.spool().objects())
    if (object->header.generation < identity.generation &&
        object->header.database == identity.database)
      past[object->header.generation].push_back(object);
  for (const auto& [id, objects] : past) {
    const catalog::GenerationTimeline* generation = timeline.find(id);
    const catalog::Span* newest = generation == nullptr ? nullptr : generation->newest();
    const Txid there = newest == nullptr ? Txid{} : newest->last;
    auto queue = gapless(host_.spool().objects_after(id, there), there);
    if (newest != nullptr && !queue.empty() &&
        (!TRY(may_write(id)) || !TRY(agrees(*generation, there, {}))))
      queue.clear();
    if (objects.back()->header.last > (queue.empty() ? there : queue.back()->header.last))
      log_warn("transactions of an older generation cannot be kept: they continue nothing",
               {{"database", host_.database_path()},
                {"replica", settings_.name},
                {"generation", to_text(id)},
                {"txid", objects.back()->header.last.value}});
    if (newest != nullptr) TRY(send(queue));
  }
  return {};
}

}  // namespace streamd::replicate
