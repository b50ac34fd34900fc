// What the daemon knows of all its databases at one moment, as a value: what metrics, health, the
// status page, events and heartbeats are made of.
#pragma once
#include <string>
#include <vector>

#include "daemon/supervisor.h"

namespace streamd::daemon {

// How a replica's store is used; in the order of DatabaseStatus::replicas.
struct StoreUse {
  std::string driver;
  storage::StoreCounts counts;
};

struct Observation {
  replicate::DatabaseStatus status;
  std::uint64_t spool_max_bytes = 0;  // 0 = no limit
  std::vector<StoreUse> stores;
  // In the order of the replicas, where it was looked at; nullopt = there are no drills.
  std::vector<std::optional<DrillStatus>> drills;
};

enum class WithStores : bool { kNo, kYes };
// The drills' status of a replica by its place; nullopt where there is none.
std::optional<DrillStatus> drill_of(const Observation& seen, std::size_t replica);
// Any thread, also while databases come and go.
std::vector<Observation> observe(const Supervisor& supervisor, WithStores stores = WithStores::kNo);

// How much of an eye it needs; of a database the worst of its own and its replicas'.
enum class Concern : std::uint8_t {
  kNone,   // as it should be
  kSome,   // protected, or about to be, but not as configured: one of several replicas fails, ...
  kGreat,  // what is written now would not survive the loss of this machine
};
Concern concern_of(const replicate::ReplicaStatus& replica);
Concern concern_of(const replicate::DatabaseStatus& database);

bool is_followed(const replicate::DatabaseStatus& database);
bool is_restorable(const replicate::ReplicaStatus& replica);  // as far as was seen in this life

std::chrono::microseconds lag_of(const replicate::ReplicaStatus& replica, Micros now);
std::uint64_t transactions_behind(const replicate::ReplicaStatus& replica,
                                  const replicate::DatabaseStatus& database);

}  // namespace streamd::daemon
