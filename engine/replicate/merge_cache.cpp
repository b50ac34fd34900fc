#include "replicate/merge_cache.h"

#include <algorithm>
#include <tuple>

#include "base/link.h"

namespace streamd::replicate {
namespace {

// A disk with less room than so many times the limit has none for a cache.
constexpr std::uint64_t kRoom = 4;

// A key as a file name, and back. Keys have no '+'.
std::string as_name(std::string key) {
  std::replace(key.begin(), key.end(), '/', '+');
  return key;
}

std::string as_key(std::string name) {
  std::replace(name.begin(), name.end(), '+', '/');
  return name;
}

}  // namespace

std::string MergeCache::path_of(const std::string& key) const {
  return join_path(folder_, as_name(key));
}

// With the lock held.
void MergeCache::load() {
  if (loaded_) return;
  loaded_ = true;
  const auto names = list_folder(folder_);
  if (!names) return;
  for (const std::string& name : *names) {
    const catalog::Key parsed = catalog::parse_key(as_key(name));
    const auto* key = std::get_if<catalog::SegmentKey>(&parsed);
    const auto info = stat_path(join_path(folder_, name));
    if (key == nullptr || !info || !*info) {
      (void)remove_file(join_path(folder_, name));
      continue;
    }
    const auto size = static_cast<std::uint64_t>((*info)->st_size);
    kept_[as_key(name)] = {*key, size};
    bytes_ += size;
  }
  shrink();
}

void MergeCache::keep(const catalog::SegmentKey& key, const std::string& path) {
  take(key, path, How::kLink);
}

void MergeCache::keep_moved(const catalog::SegmentKey& key, const std::string& path) {
  take(key, path, How::kMove);
}

void MergeCache::take(const catalog::SegmentKey& key, const std::string& path, How how) {
  const std::lock_guard lock(mutex_);
  load();
  const std::string text = catalog::to_text(key);
  const auto info = stat_path(path);
  const std::uint64_t size = info && *info ? static_cast<std::uint64_t>((*info)->st_size) : 0;
  const bool fits = size != 0 && size <= limit_ && make_folder(folder_) && has_room();
  if (const auto known = kept_.find(text); known != kept_.end()) forget(known);
  const auto take_it = [&] {
    return how == How::kLink ? link_file(path, path_of(text)) : rename_file(path, path_of(text));
  };
  if (!fits || !take_it()) {
    if (how == How::kMove) (void)remove_file(path);
    return;
  }
  kept_[text] = {key, size};
  bytes_ += size;
  shrink();
}

// With the lock held. Nothing is kept on a disk that fills up.
bool MergeCache::has_room() {
  const auto space = disk_space(folder_);
  if (space && space->available >= limit_ * kRoom) return true;
  while (!kept_.empty()) forget(kept_.begin());
  return false;
}

std::optional<File> MergeCache::open(const catalog::SegmentKey& key) {
  const std::lock_guard lock(mutex_);
  load();
  const auto known = kept_.find(catalog::to_text(key));
  if (known == kept_.end()) return std::nullopt;
  auto file = File::open_read(path_of(known->first));
  if (file) return std::move(*file);
  forget(known);
  return std::nullopt;
}

void MergeCache::drop(const catalog::SegmentKey& key) {
  const std::lock_guard lock(mutex_);
  load();
  if (const auto known = kept_.find(catalog::to_text(key)); known != kept_.end()) forget(known);
}

void MergeCache::keep_only(const std::set<std::string>& wanted) {
  const std::lock_guard lock(mutex_);
  load();
  for (auto at = kept_.begin(); at != kept_.end();) {
    const auto next = std::next(at);
    if (!wanted.contains(at->first)) forget(at);
    at = next;
  }
}

std::uint64_t MergeCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

// With the lock held.
void MergeCache::forget(std::map<std::string, Kept>::iterator kept) {
  (void)remove_file(path_of(kept->first));
  bytes_ -= kept->second.bytes;
  kept_.erase(kept);
}

void MergeCache::shrink() {
  while (bytes_ > limit_) {
    const auto oldest =
        std::min_element(kept_.begin(), kept_.end(), [](const auto& a, const auto& b) {
          return std::tuple(a.second.key.generation, a.second.key.first) <
                 std::tuple(b.second.key.generation, b.second.key.first);
        });
    forget(oldest);
  }
}

}  // namespace streamd::replicate
