// All databases in Prometheus' text format. The table of names is in docs/monitoring.md.
#pragma once
#include <string>

#include "daemon/observation.h"

namespace streamd::daemon {

// What is said of the daemon besides its databases.
struct DaemonFigures {
  std::string version;
  std::uint64_t events_lost = 0, events_failed = 0;
  std::vector<FolderStatus> folders;  // that are watched
};

// Label values are what the configuration has: databases, replicas, drivers; nothing that grows.
std::string metrics_text(const std::vector<Observation>& databases, const DaemonFigures& daemon,
                         Micros now);

}  // namespace streamd::daemon
