// Judges the replicas of one database by what SQLite showed after each commit (application.h).
// Every complaint ends the run (scheduler.h: fail).
#pragma once
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "application.h"
#include "bucket.h"
#include "replicate/replica.h"
#include "restore/restore.h"
#include "retention/rules.h"

namespace simulation {

struct Counts {
  std::uint64_t restores = 0, by_time = 0, transactions_walked = 0;
};

class Checker {
 public:
  Checker(const Application& application, std::string folder,
          const streamd::retention::Rules& rules, std::uint64_t seed)
      : application_(application), folder_(std::move(folder)), rules_(rules), random_(seed) {}
  const Counts& counts() const { return counts_; }
  const streamd::retention::Rules& rules() const { return rules_; }

  // By what its listing says: what was acknowledged is there, and what was promised earlier still
  // is.
  void look(const std::string& replica, Bucket& bucket,
            const streamd::replicate::ReplicaStatus* status, streamd::GenerationId generation);
  // Restores of random moments: by transaction, by time, the newest.
  void restore_some(const std::string& replica, const std::shared_ptr<Bucket>& bucket, int times);
  // Every transaction there, over objects of any level.
  void walk(const std::string& replica, Bucket& bucket);
  // The newest moment is this commit, or a later one.
  void holds_commit(const std::string& replica, const std::shared_ptr<Bucket>& bucket,
                    std::size_t commit);

  // While the daemon has followed the database without a break: from the commit `from` on, all up
  // to `to` were seen within a moment of their time.
  void watched(std::size_t from, std::size_t to);
  // From here on the times of this machine's clock mean little.
  void clock_jumped() { times_hold_ = false; }
  bool times_hold() const { return times_hold_; }

 private:
  using Moment = std::pair<streamd::GenerationId, streamd::Txid>;
  struct Promise {
    Nanos since = 0;  // the last look when it was not there yet
    bool snapshot = false;
  };
  std::int64_t restored(const std::string& replica, const std::shared_ptr<Bucket>& bucket,
                        const streamd::restore::Target& target,
                        streamd::restore::RestoreReport& report);
  void learn(const std::string& where, Moment moment, std::uint64_t image, bool follows);
  void judge_time(const std::string& where, streamd::Micros time, std::int64_t commit,
                  std::size_t newest) const;
  void walk(const std::string& replica, Bucket& bucket,
            const streamd::catalog::GenerationTimeline& generation);

  const Application& application_;
  const std::string folder_;
  const streamd::retention::Rules rules_;
  Random random_;
  Counts counts_;
  bool times_hold_ = true;
  std::map<Moment, std::size_t> known_;  // which commit it shows
  struct Promises {
    Nanos looked = 0;
    std::map<Moment, Promise> all;
  };
  std::map<std::string, Promises> promises_;  // by replica
  std::vector<bool> watched_;                 // by commit
};

}  // namespace simulation
