#include "verify/listing.h"

#include <algorithm>

#include "base/hash.h"

namespace streamd::verify {

const catalog::Listed* Listing::find(const std::string& key) const {
  const auto at = std::lower_bound(
      objects.begin(), objects.end(), key,
      [](const catalog::Listed& one, const std::string& k) { return one.key < k; });
  return at == objects.end() || at->key != key ? nullptr : &*at;
}

Result<Listing> list_objects(storage::Store& store, const storage::Call& call) {
  std::vector<std::pair<catalog::Listed, std::uint64_t>> found;
  const storage::ListSink sink = [&](const std::string& key,
                                     const storage::ObjectStat& stat) -> Status {
    const std::uint64_t tag = stat.etag.empty() ? 0 : xxh3(as_bytes(stat.etag));
    found.push_back({{key, stat.size, stat.mtime_ns}, tag});
    return {};
  };
  TRY(store.list(catalog::generations_prefix(), "", sink, call));
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first.key < b.first.key; });
  Listing listing;
  for (auto& [object, tag] : found) {
    listing.objects.push_back(std::move(object));
    listing.tags.push_back(tag);
  }
  return listing;
}

}  // namespace streamd::verify
