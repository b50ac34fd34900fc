#include "state/spool.h"

#include <algorithm>
#include <map>

#include "base/hash.h"
#include "base/log.h"
#include "base/source.h"
#include "segment/reader.h"

namespace streamd::state {
namespace {

constexpr std::uint64_t kProbeRoom = kMiB;
constexpr std::size_t kProbeBytes = 64 * kKiB;
constexpr const char kTemporary[] = ".tmp-", kDamaged[] = "damaged-";

// In the spool a name has no folders: the generation, then the replica's name for it.
std::string file_name(const catalog::SegmentKey& key) {
  return to_text(key.generation) + "-" + name_of(catalog::to_text(key));
}

struct Found {
  std::string path;
  segment::ObjectHeader header;
  std::uint64_t size = 0;
};

Result<Found> read_object(const std::string& path) {
  const File file = TRY(File::open_read(path));
  const FileSource source = TRY(FileSource::over(file));
  const auto reader = segment::ObjectReader::open(source);
  if (!reader) return Error(reader.error()).with_context("read " + path);
  return Found{path, reader->header(), source.size()};
}

Status rename_damaged(const std::string& path, const Error& cause) {
  const std::string aside = join_path(folder_of(path), kDamaged + name_of(path));
  log_error_event(LogLevel::kError, "an object in the spool is damaged: it is set aside", cause,
                  {{"as", aside}});
  return rename_file(path, aside);
}

Status remove_files(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) TRY(remove_file(path));
  return {};
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(const std::string& folder) {
  TRY(make_folders(folder));
  std::unique_ptr<Spool> spool(new Spool(folder));
  TRY(spool->load());
  return spool;
}

Status Spool::load() {
  TRY(sync_folder(
      folder_));  // who sealed them may have been killed before their names were durable
  TRY(add_files());
  return drop_strays();
}

Status Spool::add_files() {
  std::map<std::tuple<GenerationId, Txid, Txid>, std::vector<Found>> groups;
  for (const std::string& name : TRY(list_folder(folder_))) {
    const std::string path = join_path(folder_, name);
    if (name.starts_with(kTemporary)) {
      TRY(remove_file(path));
      continue;
    }
    if (name.starts_with(kDamaged)) continue;
    auto found = read_object(path);
    if (!found && found.error().code != Code::kCorrupt) return Error(found.error());
    if (!found) {
      TRY(rename_damaged(path, found.error()));
      continue;
    }
    const segment::ObjectHeader& header = found->header;
    groups[{header.generation, header.first, header.last}].push_back(std::move(*found));
  }
  for (auto& [range, pieces] : groups) {
    std::sort(pieces.begin(), pieces.end(), [](const Found& a, const Found& b) {
      return a.header.piece.index < b.header.piece.index;
    });
    auto object = std::make_shared<SpoolObject>();
    object->header = pieces.back().header;
    object->key = segment::key_of(object->header);
    for (const Found& piece : pieces) {
      object->paths.push_back(piece.path);
      object->size += piece.size;
    }
    if (pieces.size() !=
        object->header.piece.count) {  // the last piece is renamed last: never committed
      TRY(remove_files(object->paths));
      continue;
    }
    bytes_ += object->size;
    objects_.push_back(std::move(object));
  }
  return {};
}

// A commit that failed in its last step may have left an object whose transactions were captured
// again. Those that were committed tile the sequence; seen from the newest, a stray overlaps them.
Status Spool::drop_strays() {
  std::vector<SpoolObjectPtr> strays;
  for (std::size_t i = objects_.size(), next = objects_.size(); i-- > 0;) {
    const bool same = next < objects_.size() &&
                      objects_[i]->header.generation == objects_[next]->header.generation;
    if (same && objects_[i]->header.last >= objects_[next]->header.first)
      strays.push_back(objects_[i]);
    else
      next = i;
  }
  return remove(strays);
}

Status Spool::probe() {
  if (TRY(disk_space(folder_)).available < leave_free_ + kProbeRoom)
    return make_error(Code::kNoSpace, "write to " + folder_ + ": the disk is full");
  File file = TRY(new_file());
  const Bytes some(kProbeBytes, 1);
  Status written = file.write_at(0, some);
  if (written) written = file.sync();
  Status removed = remove_file(file.path());
  return written ? removed : written;
}

Result<File> Spool::new_file() {
  if (leave_free_ != 0 && TRY(disk_space(folder_)).available < leave_free_)
    return make_error(Code::kNoSpace,
                      "write to " + folder_ + ": the disk is full but for " +
                          std::to_string(leave_free_ / kKiB) +
                          " KiB that are left to the application",
                      "free space there, or keep the local state on another disk (state-dir)");
  return File::create_new(join_path(folder_, kTemporary + to_hex(random_u64(), 16)));
}

Result<SpoolObjectPtr> Spool::commit(std::vector<segment::SealedObject> pieces) {
  auto object = std::make_shared<SpoolObject>();
  object->header = pieces.back().header;
  object->key = segment::key_of(object->header);
  for (segment::SealedObject& piece : pieces) TRY(piece.file.sync());
  Status named;
  for (const segment::SealedObject& piece : pieces) {
    object->paths.push_back(join_path(folder_, file_name(segment::key_of(piece.header))));
    object->size += piece.size;
    if (named) named = rename_file(piece.file.path(), object->paths.back());
  }
  if (named) named = sync_folder(folder_);
  if (!named) {
    (void)remove_files(object->paths);  // one that stays overlaps what comes later: see drop_strays
    return std::move(named.error());
  }
  const std::lock_guard lock(mutex_);
  objects_.push_back(object);
  bytes_ += object->size;
  return SpoolObjectPtr(object);
}

std::vector<SpoolObjectPtr> Spool::objects() const {
  const std::lock_guard lock(mutex_);
  return objects_;
}

std::vector<SpoolObjectPtr> Spool::objects_after(GenerationId generation, Txid txid) const {
  const std::lock_guard lock(mutex_);
  std::vector<SpoolObjectPtr> later;
  for (const SpoolObjectPtr& object : objects_)
    if (object->header.generation == generation && object->header.last > txid)
      later.push_back(object);
  return later;
}

Spool::Waiting Spool::waiting_after(GenerationId generation, Txid txid) const {
  const std::lock_guard lock(mutex_);
  Waiting waiting;
  for (const SpoolObjectPtr& object : objects_) {
    if (object->header.generation != generation || object->header.last <= txid) continue;
    if (waiting.bytes == 0) waiting.since = object->header.first_seen;
    waiting.bytes += object->size;
  }
  return waiting;
}

Status Spool::remove(const std::vector<SpoolObjectPtr>& objects) {
  for (const SpoolObjectPtr& object : objects) TRY(remove_files(object->paths));
  forget(objects);
  return {};
}

Status Spool::set_aside(const SpoolObjectPtr& object, const Error& cause) {
  if (forget({object}) == 0) return {};
  for (const std::string& path : object->paths)
    if (TRY(stat_path(path))) TRY(rename_damaged(path, cause));
  return {};
}

std::size_t Spool::forget(const std::vector<SpoolObjectPtr>& objects) {
  const std::lock_guard lock(mutex_);
  return std::erase_if(objects_, [&](const SpoolObjectPtr& object) {
    const bool gone = std::find(objects.begin(), objects.end(), object) != objects.end();
    if (gone) bytes_ -= object->size;
    return gone;
  });
}

std::uint64_t Spool::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace streamd::state
