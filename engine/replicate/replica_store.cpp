// What a replica says to its store: the first look, joining under an identity, sending objects.
#include <algorithm>

#include "base/log.h"
#include "replicate/replica.h"
#include "segment/concatenate.h"

namespace streamd::replicate {
namespace {

constexpr std::uint64_t kMarkerLimit = 64 * kKiB;
constexpr std::uint64_t kJoinedBytes = 32 * kMiB;  // objects are joined up to this size
constexpr std::size_t kJoinedObjects = 64;

// May `next` be sent in one object with what is before it?
bool joins(const state::SpoolObject& object) {
  return object.paths.size() == 1 && object.header.completeness == segment::Completeness::kAll;
}

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

}  // namespace

Status Replica::discover() {
  const storage::Capabilities capabilities = TRY(store_->probe(call()));
  Discovery found;
  found.marker = TRY(read_marker(*store_, call()));
  const catalog::Timeline timeline = catalog::read_timeline(TRY(list_all(*store_, call())));
  for (const catalog::GenerationTimeline& generation : timeline.generations) {
    found.newest = generation.id;
    found.highest = std::max(found.highest, generation.tip());
  }
  const std::lock_guard lock(mutex_);
  if_absent_ = capabilities.if_absent;
  discovery_ = found;
  return {};
}

Status Replica::put_marker(const state::Identity& identity) {
  const auto there = TRY(read_marker(*store_, call()));
  if (there && there->database == identity.database) return {};
  if (there)
    return make_error(
        Code::kDiverged,
        "replica " + name() + " holds another database (" + to_text(there->database) + ")",
        "give every database a path of its own, or take this one over with streamctl adopt");
  catalog::Marker marker;
  marker.database = identity.database;
  marker.checksum_key = identity.checksum_key.value;
  marker.created = clock_.wall_micros() / 1000 * 1000;
  const std::string text = catalog::encode_marker(marker);
  const MemorySource source(as_bytes(text));
  TRY(store_->put(catalog::to_text(catalog::MarkerKey{}), source, {if_absent_}, call()));
  return {};
}

// Where does this replica stand? Its objects must be our past: never more than we know.
Status Replica::join_store(const Joined& joined) {
  TRY(put_marker(joined.identity));
  const catalog::Timeline timeline = catalog::read_timeline(TRY(list_all(*store_, call())));
  const GenerationId ours = joined.identity.generation;
  if (!timeline.generations.empty() && timeline.generations.back().id > ours)
    return make_error(Code::kDiverged,
                      "replica " + name() + " holds a newer generation " +
                          to_text(timeline.generations.back().id) + " than this database's " +
                          to_text(ours),
                      "decide with streamctl adopt which of the two goes on");
  const catalog::GenerationTimeline* generation = timeline.find(ours);
  const catalog::Span* newest = generation == nullptr ? nullptr : generation->newest();
  if (newest != nullptr && newest->last > joined.tip.txid)
    return make_error(
        Code::kDiverged,
        "replica " + name() + " holds transactions up to " + to_text(newest->last) +
            " that this database never had (it is at " + to_text(joined.tip.txid) + ")",
        "an older disk came back? decide with streamctl adopt which of the two goes on");
  std::set<std::string> parts;
  for (const catalog::GenerationTimeline& each : timeline.generations)
    for (const catalog::Part& part : each.parts) parts.insert(catalog::to_text(part.key));
  const std::lock_guard lock(mutex_);
  joined_ = joined;
  known_parts_ = std::move(parts);
  status_.acknowledged = newest == nullptr ? Txid{} : newest->last;
  status_.acknowledged_time = newest == nullptr ? 0 : newest->last_time;
  status_.snapshot = newest == nullptr ? Txid{} : generation->snapshots.back().key.txid;
  status_.snapshot_time = newest == nullptr ? 0 : generation->snapshots.back().key.time;
  // What comes next must continue what is there; otherwise a snapshot bridges.
  const std::vector<state::SpoolObjectPtr> queue =
      host_.spool().objects_after(status_.acknowledged);
  const bool continues =
      newest != nullptr && (queue.empty() ? newest->last == joined.tip.txid
                                          : queue.front()->header.first <= newest->last.next());
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

Status Replica::send(const std::vector<state::SpoolObjectPtr>& objects) {
  for (std::size_t at = 0; at < objects.size();) {
    std::vector<state::SpoolObjectPtr> batch{objects[at]};
    std::uint64_t bytes = objects[at]->size;
    while (joins(*objects[at]) && at + batch.size() < objects.size() &&
           batch.size() < kJoinedObjects) {
      const state::SpoolObjectPtr& next = objects[at + batch.size()];
      if (!joins(*next) || next->header.flags != objects[at]->header.flags ||
          bytes + next->size > kJoinedBytes)
        break;
      bytes += next->size;
      batch.push_back(next);
    }
    TRY(batch.size() == 1 ? put_object(*batch.front()) : put_joined(batch));
    at += batch.size();
    const segment::ObjectHeader& last = batch.back()->header;
    acknowledge(last.last, last.last_seen);
    log_info("sync", {{"database", host_.database_path()},
                      {"replica", settings_.name},
                      {"generation", to_text(last.generation)},
                      {"txid", last.last.value},
                      {"bytes", bytes},
                      {"lag_ms", (clock_.wall_micros() - last.last_seen) / 1000}});
    changed_.notify_all();
  }
  return {};
}

Status Replica::put_object(const state::SpoolObject& object) {
  for (std::size_t i = 0; i < object.paths.size(); ++i) {
    catalog::SegmentKey key = object.key;
    key.piece.index = static_cast<std::uint32_t>(i + 1);
    TRY(put_file(catalog::to_text(key), object.paths[i]));
  }
  return {};
}

Status Replica::put_joined(const std::vector<state::SpoolObjectPtr>& objects) {
  std::vector<File> files;
  std::vector<FileSource> sources;
  std::vector<segment::ObjectReader> readers;
  std::vector<const segment::ObjectReader*> inputs;
  files.reserve(objects.size());
  sources.reserve(objects.size());
  readers.reserve(objects.size());
  for (const state::SpoolObjectPtr& object : objects) {
    files.push_back(TRY(File::open_read(object->paths.front())));
    sources.push_back(TRY(FileSource::over(files.back())));
    readers.push_back(TRY(segment::ObjectReader::open(sources.back())));
    inputs.push_back(&readers.back());
  }
  const segment::SealedObject joined =
      TRY(segment::concatenate(inputs, TRY(host_.spool().new_file()), objects.front()->header));
  const Status sent = put_file(catalog::to_text(state::key_of(joined.header)), joined.file.path());
  TRY(remove_file(joined.file.path()));
  return sent;
}

Status Replica::put_file(const std::string& key, const std::string& path) {
  const File file = TRY(File::open_read(path));
  const FileSource source = TRY(FileSource::over(file));
  TRY(store_->put(key, source, {}, call()));
  const std::lock_guard lock(mutex_);
  ++status_.objects_sent;
  status_.bytes_sent += source.size();
  return {};
}

}  // namespace streamd::replicate
