// All configured databases of one daemon: opens their storages, runs their pipelines on a few
// loops, stops them together.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/model.h"
#include "crypt/keyring.h"
#include "daemon/drills.h"
#include "replicate/pipeline.h"
#include "retention/rules.h"
#include "storage/driver_library.h"

namespace streamd::daemon {

class Supervisor {
 public:
  // Opens storages (no network yet) and takes the databases' locks; the first failure is returned.
  // Borrows drivers and clock.
  // `adopt_local`: the databases are right whatever their replicas hold (DatabaseSettings).
  static Result<std::unique_ptr<Supervisor>> create(const config::Config& config,
                                                    storage::Drivers& drivers, const Clock& clock,
                                                    bool adopt_local = false);
  ~Supervisor();

  // `drills`: with the restore drills that are configured.
  Status start(bool drills = false);
  // Of one thread, about once a second: how long the loop that is worst off has stood still inside
  // one step. See Loop::look_for_progress.
  milliseconds look_for_progress(MonoTime now) const;
  // A final sync of every database, in parallel, until `timeout`; then everything ends. What did
  // not make it is logged; the outcome is the failure with the numerically highest exit code.
  Status stop(milliseconds timeout);
  // One sync of everything, acknowledged by every replica: --once. Gives up on a database when it
  // or a replica is failing and nothing has moved for `patience`. Returns the worst failure.
  Status sync_all(milliseconds patience, const Cancel& cancel);

  // Any thread, until stop. By canonical path or name; nullptr when there is none.
  replicate::Pipeline* find(const std::string& path_or_name) const;
  const std::vector<std::unique_ptr<replicate::Pipeline>>& pipelines() const { return pipelines_; }
  const Drills& drills() const { return *drills_; }

 private:
  explicit Supervisor(const Clock& clock) : clock_(clock) {}
  template <class Work>
  Status for_all(Work work) const;  // in parallel; the worst failure

  const Clock& clock_;
  std::vector<std::unique_ptr<replicate::Loop>> loops_;
  std::vector<std::unique_ptr<replicate::Pipeline>> pipelines_;
  std::unique_ptr<Drills> drills_;
};

// What the configuration says of a storage, opened: plain objects, also where the storage holds
// encrypted ones. Without `keys` only the replica's own identity opens these.
Result<std::shared_ptr<storage::Store>> open_replica_store(
    const config::Replica& replica, storage::Drivers& drivers,
    std::shared_ptr<crypt::Keyring> keys = nullptr);

// And what it says of how long things are kept.
retention::Rules retention_rules(const config::Replica& replica);

}  // namespace streamd::daemon
