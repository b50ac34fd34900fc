// Restore drills: on a schedule the newest moment of each replica is restored to a scratch file and
// proven, and its objects are checked a part at a time. One thread for the whole process, so there
// is never more than one drill at a time.
#pragma once
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "replicate/pipeline.h"
#include "state/proof.h"
#include "storage/store.h"
#include "verify/verify.h"

namespace streamd::daemon {

struct DrillTarget {
  std::string database;  // canonical path
  std::string replica;
  std::shared_ptr<storage::Store> store;
  std::shared_ptr<crypt::Keyring> keys;  // of the store; null = it never encrypts
  milliseconds interval{0};
  std::uint64_t budget = 0;  // bytes; 0 = no limit
};

struct DrillStatus {
  state::Proof proof;
  bool running = false;
  std::optional<Error> problem;  // what the last drill found, or that none has succeeded for long
};

// Times are by the wall clock, since they must mean something after a restart. A clock that was set
// back makes a drill due.
// Until the next attempt after what is known; 0 = now. A store or disk that failed is tried sooner,
// and so is damage that was `renewed` by a new snapshot.
milliseconds drill_due_in(const state::Proof& proof, milliseconds interval, Micros now,
                          bool renewed = false);
// No proof for twice the interval, counted from `since` while there was none at all.
bool proof_is_old(const state::Proof& proof, milliseconds interval, Micros since, Micros now);

class Drills {
 public:
  explicit Drills(const Clock& clock);  // borrowed
  ~Drills();

  // Any thread. Those of one database, all with an interval; none is a drill for nobody.
  void add(std::vector<DrillTarget> targets, const std::shared_ptr<replicate::Pipeline>& pipeline);
  // The database leaves: what is under way for it is broken off, and its file removed.
  void remove(const std::string& database);

  void start();  // before this there are targets, and no drills
  void stop();   // what is under way is broken off, and its file removed

  // Any thread. nullopt when there are no drills for it.
  std::optional<DrillStatus> status(const std::string& database, const std::string& replica) const;

 private:
  struct Job {
    DrillTarget target;
    std::shared_ptr<replicate::Pipeline> pipeline;
    DrillStatus status;
    Cancel cancel{};
    bool busy = false;    // the thread looks at it
    bool tidied = false;  // nothing is left of a drill that was broken off by a kill
    bool old_said = false;
    bool renewed = false;  // by the last drill
  };
  using JobPtr = std::shared_ptr<Job>;
  using Key = std::pair<std::string, std::string>;  // database, replica
  void main();
  milliseconds pause() const;
  JobPtr next_after(const Key& key);
  void begin_thread();
  void look(Job& job);
  bool may_run(const Job& job) const;
  void drill(Job& job);
  std::optional<Error> prove(Job& job);
  std::optional<Error> check(Job& job, bool broken, bool may_renew);
  verify::Reached reached(const Job& job) const;
  bool puts_keys_anew(Job& job, const verify::VerifyReport& report);
  void renew(Job& job, const verify::VerifyReport* report);
  void finish(Job& job, std::optional<Error> failure);

  const Clock& clock_;
  const Micros since_;
  Cancel cancel_;
  mutable std::mutex mutex_;  // of what follows, and of every Job::status and Job::busy
  std::condition_variable idle_;
  std::map<Key, JobPtr> jobs_;
  bool started_ = false;
  std::thread thread_;
};

}  // namespace streamd::daemon
