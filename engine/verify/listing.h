// What a store shows of a replica.
#pragma once
#include <string>
#include <vector>

#include "catalog/timeline.h"
#include "storage/store.h"

namespace streamd::verify {

struct Listing {
  std::vector<catalog::Listed> objects;  // below generations/, by key
  std::vector<std::uint64_t> tags;       // of each: hash of its etag; 0 without

  const catalog::Listed* find(const std::string& key) const;  // null when it is not listed
};

Result<Listing> list_objects(storage::Store& store, const storage::Call& call);

}  // namespace streamd::verify
