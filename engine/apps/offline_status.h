// Status without a daemon: what the local state and the replicas tell, in the daemon's shape.
#pragma once
#include "apps/setup.h"
#include "base/json.h"

namespace streamd::apps {

// `database` (a real path) empty = all that are configured. "daemon" is null in it; a replica that
// cannot be reached says so in its "error". Reads only; takes no lock.
Result<Json> offline_status(Setup& setup, const std::string& database);

}  // namespace streamd::apps
