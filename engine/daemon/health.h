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
// Every database is followed, every replica works and can be restored from, and every watched
// folder can be read. What is not is named, up to a hundred of them.
Health readiness(const std::vector<Observation>& databases,
                 const std::vector<FolderStatus>& folders = {});

}  // namespace streamd::daemon
