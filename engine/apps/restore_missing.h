// Before the daemon begins: databases that are not there come back from their replicas.
#pragma once
#include "apps/setup.h"

namespace streamd::apps {

// Of the databases with restore-missing, or of all with `every`. One whose replicas prove that
// there is no backup is left for the application to make; true when there was such a one. An error,
// after which nothing was made: a replica could not be reached, holds something that cannot be
// restored yet, is damaged.
Result<bool> restore_missing(Setup& setup, bool every, const Cancel& cancel);

}  // namespace streamd::apps
