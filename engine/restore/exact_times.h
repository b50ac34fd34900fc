// Names carry milliseconds, rounded down; objects record microseconds. A time that a person is
// shown must mean the same transaction when it comes back as a target.
#pragma once
#include <vector>

#include "base/result.h"
#include "catalog/timeline.h"
#include "storage/store.h"

namespace streamd::restore {

enum class TimesOf : std::uint8_t {
  kEdges,      // what begins or ends a span, and each newest snapshot
  kSnapshots,  // every snapshot
  kSegments,   // every complete segment
};

// Puts the recorded times into keys (which spell the same names as before), spans and holes: one
// small read for each object. Objects that are gone meanwhile, or damaged, keep the time of their
// names; the damaged ones are returned. Other errors are the store's.
Result<std::vector<Error>> read_exact_times(storage::Store& store, catalog::Timeline& timeline,
                                            TimesOf which, const storage::Call& call);

// What was not read, segments and snapshots, gets the last microsecond of the millisecond in its
// name, and so do the spans and holes they make. As a target it means the object's last
// transaction, or a later one that was seen in the same millisecond.
void round_up_times(catalog::Timeline& timeline);

}  // namespace streamd::restore
