// What a replica needs besides sending: merges, removal, proofs. Each is a job; what is due runs in
// the background, one job after the other, of two replicas at a time in the whole process. Sending
// never waits for it, and its failures never stop sending.
#pragma once
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "replicate/crew.h"
#include "replicate/host.h"
#include "storage/store.h"

namespace streamd::replicate {

// What decides whether a job is due.
struct UpkeepView {
  GenerationId generation;
  Txid acknowledged;               // restorable there up to this transaction
  Txid snapshot;                   // the newest one
  std::uint64_t objects_sent = 0;  // in this life
  MonoTime now{};
};

// What was done in this life.
struct UpkeepDone {
  std::uint64_t merges = 0, objects_merged = 0, bytes_merged = 0;  // bytes of the results
  std::uint64_t objects_removed = 0, bytes_removed = 0;
};

// What the last attempt failed with.
struct UpkeepTrouble {
  std::string job;
  Error error;
};

// What a job works with. Borrowed for one run.
struct UpkeepContext {
  const std::string& replica;       // its name
  const std::string& database;      // path
  const std::string& state_folder;  // of the replica; it exists
  const state::Identity& identity;  // the generation too: the one the replica has joined
  std::uint32_t page_size;
  const UpkeepView& view;     // as of the beginning of the run
  Micros wall;                // likewise
  storage::Store& store;      // fenced: puts and removals fail once another writer is there
  const storage::Call& call;  // cancelled when the replica ends: a run gives up soon then
  ReplicaHost& host;          // visits, and the spool for temporary files
  const Clock& clock;
  const std::function<void(const UpkeepDone&)>& count;  // adds to what was done
};

class UpkeepJob {
 public:
  virtual ~UpkeepJob() = default;
  virtual const char* name() const = 0;  // "merge": for status and log
  // How long until it is to run; 0 or less: now. nullopt: not before the replica moves. Asked after
  // every round of the replica, which waits meanwhile: no store, no file. Never during a run.
  virtual std::optional<milliseconds> due_in(const UpkeepView& view) = 0;
  // Somebody asks for all that can be done, however little. Any thread, also during a run.
  virtual void hurry() {}
  // A short piece of work: what is left is due again at once and gets its next turn. kCancelled is
  // no failure; after any other error it is tried again, later and later.
  virtual Status run(const UpkeepContext& context) = 0;
};
using UpkeepJobs = std::vector<std::unique_ptr<UpkeepJob>>;

struct UpkeepPlace {
  std::string replica, database, state_folder;
};

// Of one replica. Any thread.
class Upkeep final : private Task {
 public:
  // Borrows store, host and clock. `ended` is called after every run, on its thread, with what the
  // fence said if it said no.
  Upkeep(UpkeepPlace place, UpkeepJobs jobs, storage::Store& store, ReplicaHost& host,
         const Clock& clock, std::function<void(const std::optional<Error>& fenced)> ended);
  ~Upkeep() { stop(); }

  struct Outlook {
    bool running = false;                // or waiting for its turn
    std::optional<milliseconds> due_in;  // the next job; nullopt while running
  };
  // Begins a run when something is due.
  Outlook look(const UpkeepView& view, const state::Identity& identity, std::uint32_t page_size);
  void hurry();  // what failed is tried again at once, and what is small is done as well
  // Until no run is under way, or until `deadline`.
  void wait(MonoTime deadline) const;
  void cancel();  // the end is near: nothing new begins
  void stop();    // and the run that is under way is over

  std::optional<UpkeepTrouble> trouble() const;
  UpkeepDone done() const;

 private:
  struct Entry {
    std::unique_ptr<UpkeepJob> job;
    int failures = 0;
    MonoTime retry_at{};
    std::optional<Error> error;
  };
  MonoTime run(bool woken) override;
  bool is_due(const Entry& entry) const;
  Status run_one(Entry& entry);
  void note(Entry& entry, Status outcome);

  const UpkeepPlace place_;
  storage::Store& store_;
  ReplicaHost& host_;
  const Clock& clock_;
  const std::function<void(const std::optional<Error>&)> ended_;
  Cancel cancel_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<Entry> entries_;  // the jobs themselves are used without the lock
  UpkeepView view_;
  state::Identity identity_;
  std::uint32_t page_size_ = 0;
  UpkeepDone done_;
  bool running_ = false;  // or waiting for its turn
};

}  // namespace streamd::replicate
