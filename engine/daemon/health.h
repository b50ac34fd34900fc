// Is the daemon alive, and does it do its work? For probes of service managers.
#pragma once
#include "base/json.h"
#include "daemon/observation.h"

namespace streamd::daemon {

struct Health {
  bool good = true;
  Json report;
};

// The threads that follow databases move.
Health liveness(const std::vector<Observation>& databases);
// Every database is followed, and every replica works and can be restored from. What is not is
// named, up to a hundred of them.
Health readiness(const std::vector<Observation>& databases);

}  // namespace streamd::daemon
