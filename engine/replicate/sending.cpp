// How sealed objects leave the spool: verified, joined where that saves requests, in order.
#include "base/log.h"
#include "replicate/replica.h"
#include "replicate/temporary.h"
#include "segment/concatenate.h"

namespace streamd::replicate {
namespace {

constexpr std::uint64_t kJoinedBytes = 32 * kMiB;  // objects are joined up to this size
constexpr std::size_t kJoinedObjects = 64;

// May `next` be sent in one object with what is before it?
bool joins(const state::SpoolObject& object) {
  return object.paths.size() == 1 && object.header.completeness == segment::Completeness::kAll;
}

}  // namespace

std::vector<state::SpoolObjectPtr> gapless(std::vector<state::SpoolObjectPtr> queue, Txid tip) {
  std::size_t count = 0;
  while (count < queue.size() && queue[count]->header.first <= tip.next())
    tip = queue[count++]->header.last;
  queue.resize(count);
  return queue;
}

Status Replica::send(const std::vector<state::SpoolObjectPtr>& objects) {
  for (std::size_t at = 0; at < objects.size();) {
    std::vector<state::SpoolObjectPtr> batch{objects[at]};
    std::uint64_t bytes = objects[at]->size;
    while (joins(*objects[at]) && at + batch.size() < objects.size() &&
           batch.size() < kJoinedObjects) {
      const state::SpoolObjectPtr& next = objects[at + batch.size()];
      const segment::ObjectHeader& before = batch.back()->header;
      if (!joins(*next) || next->header.flags != before.flags ||
          bytes + next->size > kJoinedBytes || contents_.is_border(before.generation, before.last))
        break;
      bytes += next->size;
      batch.push_back(next);
    }
    for (const state::SpoolObjectPtr& object : batch)
      if (!TRY(verify_local(object))) return {};
    Status put = batch.size() == 1 ? put_object(*batch.front()) : put_joined(batch);
    if (!put && put.error().code == Code::kNoSpace && batch.size() > 1) {
      batch.resize(1);  // joining takes room here, and what is sent makes some
      bytes = batch.front()->size;
      put = put_object(*batch.front());
    }
    TRY(std::move(put));
    for (const state::SpoolObjectPtr& object : batch) note_sent(*object);
    at += batch.size();
    const segment::ObjectHeader& last = batch.back()->header;
    const bool all = last.completeness == segment::Completeness::kAll;
    acknowledge({last.last, last.checksum_after, last.last_seen},
                all ? batch.front()->header.first : last.last);
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

// What a disk has changed or lost here is never sent. False: it was set aside; the gap is bridged.
Result<bool> Replica::verify_local(const state::SpoolObjectPtr& object) {
  for (const std::string& path : object->paths) {
    const auto whole = [&]() -> Status {
      const File file = TRY(File::open_read(path));
      const FileSource source = TRY(FileSource::over(file));
      return segment::verify_object(source, segment::Depth::kStored);
    }();
    if (whole) continue;
    if (!state::is_lost(whole.error())) return Error(whole.error());
    TRY(host_.spool().set_aside(object, Error(whole.error()).with_context("read " + path)));
    return false;
  }
  return true;
}

void Replica::note_sent(const state::SpoolObject& object) {
  const segment::ObjectHeader& header = object.header;
  changed_range_.add(object, contents_.is_border(header.generation, header.first.prior()));
}

// What will be merged soon stays at hand.
bool Replica::may_be_merged(const segment::ObjectHeader& header, std::uint64_t bytes) const {
  return header.completeness == segment::Completeness::kAll && header.piece.count == 1 &&
         bytes < settings_.upkeep.merge.settled_bytes &&
         header.generation == contents_.generation();
}

Status Replica::put_object(const state::SpoolObject& object) {
  std::vector<std::uint64_t> sizes;
  for (std::size_t i = 0; i < object.paths.size(); ++i) {
    catalog::SegmentKey key = object.key;
    key.piece.index = static_cast<std::uint32_t>(i + 1);
    const File file = TRY(File::open_read(object.paths[i]));
    TRY(put_file(catalog::to_text(key), file));
    sizes.push_back(TRY(file.size()));
  }
  if (may_be_merged(object.header, object.size))
    merge_cache_.keep(object.key, object.paths.front());
  contents_.add(object.key, std::move(sizes));
  return {};
}

Status Replica::put_joined(const std::vector<state::SpoolObjectPtr>& objects) {
  File out = TRY(host_.spool().new_file());
  Temporary temporary(out.path());
  segment::Concatenation joining(std::move(out), objects.front()->header);
  for (const state::SpoolObjectPtr& object : objects) {
    const File file = TRY(File::open_read(object->paths.front()));
    const FileSource source = TRY(FileSource::over(file));
    TRY(joining.add(TRY(segment::ObjectReader::open(source))));
  }
  const segment::SealedObject joined = TRY(joining.finish());
  const catalog::SegmentKey key = segment::key_of(joined.header);
  TRY(put_file(catalog::to_text(key), joined.file));
  if (may_be_merged(joined.header, joined.size)) {
    merge_cache_.keep_moved(key, joined.file.path());
    temporary.release();
  }
  contents_.add(key, {joined.size});
  return {};
}

Status Replica::put_file(const std::string& key, const File& file) {
  const FileSource source = TRY(FileSource::over(file));
  TRY(fenced_.put(key, source, {}, call()));
  const std::lock_guard lock(mutex_);
  moved_ = clock_.mono();
  ++status_.objects_sent;
  status_.bytes_sent += source.size();
  return {};
}

}  // namespace streamd::replicate
