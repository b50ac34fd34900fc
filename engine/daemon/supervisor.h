// All databases of one daemon: opens their storages, runs their pipelines on a few loops, changes
// them one by one while the others go on, stops them together.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/model.h"
#include "crypt/keyring.h"
#include "daemon/drills.h"
#include "daemon/folder_files.h"
#include "replicate/pipeline.h"
#include "retention/rules.h"
#include "storage/driver_library.h"
#include "storage/open_store.h"

namespace streamd::daemon {

using PipelinePtr = std::shared_ptr<replicate::Pipeline>;

// What a new configuration made of the databases, by path.
struct DatabaseChanges {
  std::vector<std::string> added, removed, changed;
  bool empty() const { return added.empty() && removed.empty() && changed.empty(); }
};

class Supervisor {
 public:
  // Opens storages (no network yet) and takes the databases' locks; the first failure is returned,
  // but for databases of watched folders, which are tried again. Borrows drivers and clock.
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
  // From any thread while stop() runs: it waits no longer for what is not sent.
  void give_up();
  // One sync of everything, acknowledged by every replica: --once. Gives up on a database when it
  // or a replica is failing and nothing has moved for `patience`. Returns the worst failure, also
  // of databases that could not begin and of folders that cannot be read.
  Status sync_all(milliseconds patience, const Cancel& cancel);

  // While it runs, any thread; one change at a time.
  // Makes it as `config` says. A database that means the same as before is not touched at all; one
  // that differs is stopped and started again. What cannot begin is in its status, and tried again.
  // kBusy, also of pause and resume, before start() and once stop() has begun.
  Result<DatabaseChanges> apply(const config::Config& config);
  // Lets go of a database, across restarts, until resume. Its status then; kUsage when there is
  // none, and an error in `unsent` when not everything was sent: it is kept.
  Result<replicate::DatabaseStatus> pause(const std::string& path_or_name,
                                          std::optional<Error>& unsent);
  Result<replicate::DatabaseStatus> resume(const std::string& path_or_name);
  // Databases that could not begin: begins those that can now. About every few seconds.
  void try_again();
  // Configured path -> file, of those that lead to another file than the one that is followed (a
  // symbolic link that was pointed elsewhere). Empty when the last look has said it all. Each has
  // an error in its status until apply() takes the file up. About every few seconds.
  std::map<std::string, std::string> moved_paths();

  // Any thread, until stop. By path or name (config::find_among); kUsage when there is none, kBusy
  // when it is paused, or its own error when it could not begin.
  Result<PipelinePtr> find(const std::string& path_or_name) const;
  std::vector<PipelinePtr> pipelines() const;
  // Of all, those that do not run too.
  std::vector<replicate::DatabaseStatus> status() const;
  Result<replicate::DatabaseStatus> status(const std::string& path_or_name) const;
  // Of all, with who runs each; nullptr for one that does not run.
  struct View {
    replicate::DatabaseStatus status;
    PipelinePtr pipeline;
  };
  std::vector<View> views() const;
  const Drills& drills() const { return drills_; }
  bool follows_all() const;  // nothing is paused, could not begin, or cannot be looked for
  // The watched folders: what is found in them comes by apply(), and how they are by this.
  void set_folders(std::vector<FolderStatus> folders);
  std::vector<FolderStatus> folders() const;

 private:
  // Changed with mutex_ held, by who holds changing_.
  struct Member {
    std::shared_ptr<const config::Database> database;
    PipelinePtr pipeline;        // none while it is paused, could not begin, or is being changed
    std::optional<Error> error;  // why it could not begin
    Micros not_begun_since = 0;  // with an error
    std::optional<Micros> paused;
    bool adopts_local = false;  // begins so, see DatabaseSettings::adopt_local
    std::string leads_to;       // its path leads to this file by now; "" = to the one it is about
  };
  Supervisor(storage::Drivers& drivers, const Clock& clock, std::size_t awake_at_once)
      : drivers_(drivers),
        clock_(clock),
        permits_(std::make_shared<replicate::WakePermits>(awake_at_once)),
        drills_(clock) {}
  template <class Work>
  Status for_all(Work work) const;  // in parallel; the worst failure
  Result<std::shared_ptr<Member>> known_member(const std::string& path_or_name) const;
  std::vector<std::shared_ptr<Member>> members() const;
  Status begin(Member& member);
  Status run(Member& member);
  Status end(Member& member, MonoTime deadline);
  Status must_run() const;
  void join(Member& member);
  void leave(Member& member, MonoTime deadline);
  void drop_caches(const Member& member) const;
  bool follows_for_all(const Member& member) const;
  View view_of(const Member& member) const;
  replicate::DatabaseStatus status_of(const Member& member) const { return view_of(member).status; }

  storage::Drivers& drivers_;
  const Clock& clock_;
  std::mutex changing_;       // held by who changes members
  mutable std::mutex mutex_;  // guards what follows, and what members have
  std::string state_dir_;
  const std::shared_ptr<replicate::WakePermits> permits_;
  std::vector<std::unique_ptr<replicate::Loop>> loops_;
  std::vector<std::shared_ptr<Member>> members_;
  std::vector<FolderStatus> folders_;
  std::size_t next_loop_ = 0;
  bool running_ = false;
  Drills drills_;  // last: it keeps pipelines, which end before their loops
};

// Which place a replica is, as a text without secrets: what the local state remembers.
Result<std::string> place_of(const config::Replica& replica, storage::Drivers& drivers);
// What the configuration says of a storage, opened: plain objects, also where the storage holds
// encrypted ones. Without `keys` only the replica's own identity opens these.
Result<storage::OpenedStore> open_replica(const config::Replica& replica, storage::Drivers& drivers,
                                          std::shared_ptr<crypt::Keyring> keys = nullptr);
Result<std::shared_ptr<storage::Store>> open_replica_store(
    const config::Replica& replica, storage::Drivers& drivers,
    std::shared_ptr<crypt::Keyring> keys = nullptr);

// And what it says of how long things are kept.
retention::Rules retention_rules(const config::Replica& replica);

}  // namespace streamd::daemon
