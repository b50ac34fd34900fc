// From a plan to a file with the database.
#pragma once
#include "base/file.h"
#include "litestream/plan.h"
#include "restore/rebuild.h"

namespace streamd::litestream {

struct Rebuilt {
  std::uint32_t page_size = 0, pages = 0;
  std::uint64_t fetched = 0;  // bytes
};

// Fills the (empty) file; it is not synced. Errors name the object: kCorrupt, kUnsupported,
// kNotFound (it is gone meanwhile), the store's, those of the file, whose content is undefined
// then.
Result<Rebuilt> rebuild(storage::Store& store, const Plan& plan, File& file,
                        const restore::RebuildOptions& options);

}  // namespace streamd::litestream
