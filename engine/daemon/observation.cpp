#include "daemon/observation.h"

#include <algorithm>

namespace streamd::daemon {

using replicate::DatabaseStatus;
using replicate::Phase;
using replicate::ReplicaState;
using replicate::ReplicaStatus;

namespace {

bool has_failed(ReplicaState state) {
  return state == ReplicaState::kFailing || state == ReplicaState::kRefused ||
         state == ReplicaState::kTakenOver;
}

}  // namespace

std::vector<Observation> observe(const Supervisor& supervisor, WithStores stores) {
  std::vector<Observation> all;
  for (Supervisor::View& view : supervisor.views()) {
    Observation& seen = all.emplace_back();
    seen.status = std::move(view.status);
    for (const ReplicaStatus& replica : seen.status.replicas)
      seen.drills.push_back(supervisor.drills().status(seen.status.path, replica.name));
    if (!view.pipeline) continue;
    const replicate::DatabaseSettings& settings = view.pipeline->settings();
    seen.spool_max_bytes = settings.spool_max_bytes;
    if (stores == WithStores::kNo) continue;
    for (const replicate::ReplicaSetup& replica : settings.replicas)
      seen.stores.push_back(
          {replica.driver, replica.metrics ? replica.metrics->snapshot() : storage::StoreCounts{}});
  }
  return all;
}

std::optional<DrillStatus> drill_of(const Observation& seen, std::size_t replica) {
  return replica < seen.drills.size() ? seen.drills[replica] : std::nullopt;
}

Concern concern_of(const ReplicaStatus& replica) {
  if (has_failed(replica.state)) return Concern::kGreat;
  return replica.state == ReplicaState::kReady ? Concern::kNone : Concern::kSome;
}

// One replica that works is a backup.
Concern concern_of(const DatabaseStatus& database) {
  const bool waits = database.error && database.error->code == Code::kWaiting;
  if (is_stuck(database) || database.phase == Phase::kPaused ||
      (database.phase == Phase::kAttaching && !waits))
    return Concern::kGreat;
  Concern worst = Concern::kNone, best = Concern::kGreat;
  for (const ReplicaStatus& replica : database.replicas) {
    worst = std::max(worst, concern_of(replica));
    best = std::min(best, concern_of(replica));
  }
  const Concern replicas = best == Concern::kGreat ? best : std::min(worst, Concern::kSome);
  const bool calm = database.phase == Phase::kLive && !database.error;
  return std::max(replicas, calm ? Concern::kNone : Concern::kSome);
}

bool is_followed(const DatabaseStatus& database) {
  return !is_stuck(database) &&
         (database.phase == Phase::kLive || database.phase == Phase::kComparing);
}

bool is_restorable(const ReplicaStatus& replica) {
  return !replica.restorable.empty();
}

std::chrono::microseconds lag_of(const ReplicaStatus& replica, Micros now) {
  return std::chrono::microseconds(
      replica.behind_since == 0 ? 0 : std::max<Micros>(0, now - replica.behind_since));
}

std::uint64_t transactions_behind(const ReplicaStatus& replica, const DatabaseStatus& database) {
  return database.captured > replica.acknowledged
             ? database.captured.value - replica.acknowledged.value
             : 0;
}

}  // namespace streamd::daemon
