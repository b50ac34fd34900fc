// Databases as the daemon sees them, for tests.
#pragma once
#include <boost/test/unit_test.hpp>

#include "daemon/observation.h"

inline streamd::replicate::ReplicaStatus sample_replica(const std::string& name) {
  streamd::replicate::ReplicaStatus replica;
  replica.name = name;
  replica.state = streamd::replicate::ReplicaState::kReady;
  replica.acknowledged = streamd::Txid(5);
  replica.restorable = {{streamd::Txid(1), streamd::Txid(5), 1'000'000, 5'000'000}};
  return replica;
}

// Followed, with one replica that is well.
inline streamd::daemon::Observation sample_database(const std::string& path) {
  streamd::daemon::Observation seen;
  seen.status.path = path;
  seen.status.name = path;
  seen.status.phase = streamd::replicate::Phase::kLive;
  seen.status.captured = streamd::Txid(5);
  seen.status.replicas = {sample_replica("offsite")};
  return seen;
}

inline void fail(streamd::replicate::ReplicaStatus& replica) {
  replica.state = streamd::replicate::ReplicaState::kFailing;
  replica.error = streamd::make_error(streamd::Code::kTransient, "no route", "look at the cable");
}
