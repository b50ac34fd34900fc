// When the transactions of LTX files were synced: their headers tell, names and stores do not (a
// store's own time is when a file was compacted or copied there).
#pragma once
#include <vector>

#include "litestream/inventory.h"

namespace streamd::litestream {

// One small read. kNotFound when the file is gone meanwhile, kCorrupt, the store's.
Result<Micros> recorded_time(storage::Store& store, const LtxFile& file, const storage::Call& call);

// Those whose last transaction was synced at or before `until`. Within a level times only grow, so
// a few headers of each are read.
Result<std::vector<LtxFile>> files_until(storage::Store& store, const std::vector<LtxFile>& files,
                                         Micros until, const storage::Call& call);

}  // namespace streamd::litestream
