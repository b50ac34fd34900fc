#include "daemon/health.h"

#include <algorithm>

#include "daemon/status_json.h"

namespace streamd::daemon {
namespace {

constexpr std::size_t kMostNamed = 100;

}  // namespace

Health liveness(const std::vector<Observation>& databases) {
  milliseconds longest{0};
  bool stuck = false;
  for (const Observation& seen : databases) {
    longest = std::max(longest, seen.status.stands_still);
    stuck = stuck || is_stuck(seen.status);
  }
  return {!stuck, Json::object({{"alive", !stuck}, {"standstill_ms", longest.count()}})};
}

Health readiness(const std::vector<Observation>& databases,
                 const std::vector<FolderStatus>& folders) {
  std::size_t wrong = 0;
  Json named = Json::array();
  const auto name = [&](Json entry) {
    if (++wrong <= kMostNamed) named.push(std::move(entry));
  };
  for (const FolderStatus& folder : folders)
    if (folder.error)
      name(Json::object({{"directory", folder.directory}, {"error", to_json(folder.error)}}));
  for (const Observation& seen : databases) {
    const replicate::DatabaseStatus& status = seen.status;
    if (!is_followed(status))
      name(Json::object({{"database", status.path},
                         {"state", state_name(status)},
                         {"error", to_json(status.error)}}));
    for (const replicate::ReplicaStatus& replica : status.replicas)
      if (!is_restorable(replica) || concern_of(replica) == Concern::kGreat)
        name(Json::object({{"database", status.path},
                           {"replica", replica.name},
                           {"state", replicate::state_name(replica.state)},
                           {"error", to_json(replica.error)}}));
  }
  return {wrong == 0, Json::object({{"ready", wrong == 0},
                                    {"databases", std::uint64_t{databases.size()}},
                                    {"not_ready", std::uint64_t{wrong}},
                                    {"reasons", std::move(named)}})};
}

}  // namespace streamd::daemon
