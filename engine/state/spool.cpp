#include "state/spool.h"

#include <algorithm>
#include <map>

#include "base/hash.h"
#include "base/source.h"
#include "segment/reader.h"

namespace streamd::state {
namespace {

constexpr const char kTemporary[] = ".tmp-";

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

}  // namespace

catalog::SegmentKey key_of(const segment::ObjectHeader& header) {
  catalog::SegmentKey key;
  key.generation = header.generation;
  key.level = header.level;
  key.first = header.first;
  key.last = header.last;
  key.time = header.last_seen;
  key.piece = header.piece;
  key.completeness = header.completeness;
  return key;
}

Result<std::unique_ptr<Spool>> Spool::open(const std::string& folder) {
  TRY(make_folders(folder));
  std::unique_ptr<Spool> spool(new Spool(folder));
  TRY(spool->load());
  return spool;
}

Status Spool::load() {
  std::map<std::pair<GenerationId, Txid>, std::vector<Found>> groups;
  for (const std::string& name : TRY(list_folder(folder_))) {
    const std::string path = join_path(folder_, name);
    if (name.starts_with(kTemporary)) {
      TRY(remove_file(path));
      continue;
    }
    Found found = TRY(read_object(path));
    groups[{found.header.generation, found.header.first}].push_back(std::move(found));
  }
  for (auto& [range, pieces] : groups) {
    std::sort(pieces.begin(), pieces.end(), [](const Found& a, const Found& b) {
      return a.header.piece.index < b.header.piece.index;
    });
    auto object = std::make_shared<SpoolObject>();
    object->header = pieces.back().header;
    object->key = key_of(object->header);
    for (const Found& piece : pieces) {
      object->paths.push_back(piece.path);
      object->size += piece.size;
    }
    if (pieces.size() !=
        object->header.piece.count) {  // the last piece is renamed last: never committed
      for (const std::string& path : object->paths) TRY(remove_file(path));
      continue;
    }
    bytes_ += object->size;
    objects_.push_back(std::move(object));
  }
  return {};
}

Result<File> Spool::new_file() {
  return File::create_new(join_path(folder_, kTemporary + to_hex(random_u64(), 16)));
}

Result<SpoolObjectPtr> Spool::commit(std::vector<segment::SealedObject> pieces) {
  auto object = std::make_shared<SpoolObject>();
  object->header = pieces.back().header;
  object->key = key_of(object->header);
  for (segment::SealedObject& piece : pieces) TRY(piece.file.sync());
  for (const segment::SealedObject& piece : pieces) {
    object->paths.push_back(join_path(folder_, file_name(key_of(piece.header))));
    object->size += piece.size;
    TRY(rename_file(piece.file.path(), object->paths.back()));
  }
  TRY(sync_folder(folder_));
  const std::lock_guard lock(mutex_);
  objects_.push_back(object);
  bytes_ += object->size;
  return SpoolObjectPtr(object);
}

std::vector<SpoolObjectPtr> Spool::objects() const {
  const std::lock_guard lock(mutex_);
  return objects_;
}

std::vector<SpoolObjectPtr> Spool::objects_after(Txid txid) const {
  const std::lock_guard lock(mutex_);
  std::vector<SpoolObjectPtr> later;
  for (const SpoolObjectPtr& object : objects_)
    if (object->header.last > txid) later.push_back(object);
  return later;
}

Status Spool::remove(const std::vector<SpoolObjectPtr>& objects) {
  for (const SpoolObjectPtr& object : objects)
    for (const std::string& path : object->paths) TRY(remove_file(path));
  const std::lock_guard lock(mutex_);
  std::erase_if(objects_, [&](const SpoolObjectPtr& object) {
    const bool gone = std::find(objects.begin(), objects.end(), object) != objects.end();
    if (gone) bytes_ -= object->size;
    return gone;
  });
  return {};
}

std::uint64_t Spool::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace streamd::state
