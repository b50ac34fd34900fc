// The status as the page shows it: what needs an eye first, a part at a time. Pure.
#pragma once
#include <functional>
#include <string>

#include "base/json.h"
#include "daemon/observation.h"

namespace streamd::daemon {

struct PageQuery {
  std::string filter;  // a part of a path, name, state or replica's name, in any case; empty = all
  std::size_t offset = 0, limit = 0;  // limit 0 = all
};

// Lag of a replica in seconds, minute by minute; see LagHistory::minutes.
using LagMinutes =
    std::function<std::vector<float>(const std::string& database, const std::string& replica)>;

// {"verdict", "counts", "total", "offset", "folders", "databases": [...]}: members of a database
// are those of the control socket's status, and "concern" (0 none, 1 some, 2 great), "lag_seconds",
// "lag_minutes".
Json page_json(const std::vector<Observation>& databases, const PageQuery& query,
               const LagMinutes& minutes, Micros now,
               const std::vector<FolderStatus>& folders = {});

}  // namespace streamd::daemon
