// Files of objects that were sent and are still to be merged, so that merging reads nothing from
// the replica. Of bounded size, and lossy: who misses one reads it from there, so a failure of the
// local disk costs that and nothing more. Any thread.
#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/file.h"
#include "catalog/key.h"

namespace streamd::replicate {

// Below the folder of a replica's local state.
inline std::string merge_cache_folder(const std::string& replica_folder) {
  return join_path(replica_folder, "cache");
}

class MergeCache {
 public:
  // `limit` in bytes; 0 = nothing is kept. The folder is made when it is needed. What an earlier
  // life has kept there is found at the first call.
  MergeCache(std::string folder, std::uint64_t limit) : folder_(std::move(folder)), limit_(limit) {}

  // The file under `path` holds the object: as another name for it, or by taking that name away.
  // Above the limit the oldest go; on a disk that is nearly full all of them.
  void keep(const catalog::SegmentKey& key, const std::string& path);
  void keep_moved(const catalog::SegmentKey& key, const std::string& path);
  // nullopt when it is not there. What it holds is to be verified.
  std::optional<File> open(const catalog::SegmentKey& key);
  void drop(const catalog::SegmentKey& key);
  void keep_only(const std::set<std::string>& wanted);  // keys as text
  std::uint64_t bytes() const;

 private:
  struct Kept {
    catalog::SegmentKey key;
    std::uint64_t bytes = 0;
  };
  enum class How : std::uint8_t { kLink, kMove };
  void take(const catalog::SegmentKey& key, const std::string& path, How how);
  std::string path_of(const std::string& key) const;
  void load();
  bool has_room();
  void forget(std::map<std::string, Kept>::iterator kept);
  void shrink();

  const std::string folder_;
  const std::uint64_t limit_;
  mutable std::mutex mutex_;
  bool loaded_ = false;
  std::map<std::string, Kept> kept_;  // by key as text
  std::uint64_t bytes_ = 0;
};

}  // namespace streamd::replicate
