// A name proves nothing: is what lies there whole, before others go because of it?
#pragma once
#include <optional>

#include "catalog/timeline.h"
#include "storage/store.h"

namespace streamd::retention {

// Each piece of the segment is there and what its name says, by header, index and footer, whose
// hash stands for both; and of `database`, if that is known. kCorrupt or kNotFound: it is not.
// Other errors are the store's.
Status prove_whole(storage::Store& store, const catalog::Segment& segment,
                   const std::optional<Uuid>& database, const storage::Call& call);

}  // namespace streamd::retention
