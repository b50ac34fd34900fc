// One database and its replicas: the main loop of the product. Start reading at pipeline.cpp.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crypt/keyring.h"
#include "replicate/host.h"
#include "replicate/loop.h"
#include "replicate/replica.h"
#include "replicate/scrub.h"
#include "replicate/wake_permit.h"
#include "state/layout.h"
#include "storage/observe_store.h"

namespace streamd::replicate {

struct ReplicaSetup {
  std::string name;
  std::string place;  // driver, path, bucket...: another text is another place
  milliseconds sync_interval{1000};
  milliseconds snapshot_interval{std::chrono::hours(24)};
  std::shared_ptr<storage::Store> store;
  std::shared_ptr<crypt::Keyring> keys{};  // of the store; null = it never encrypts
  UpkeepSettings upkeep{};
  std::shared_ptr<storage::StoreMetrics> metrics{};  // of every attempt on it; may be null
  std::string driver{};
};

struct DatabaseSettings {
  std::string path, name;
  std::string state_dir;  // empty = beside the database
  sqlite::CapturePolicy capture;
  std::vector<ReplicaSetup> replicas;
  // Bytes; above it the oldest objects are dropped and replicas that lack them get a delta later.
  // 0 = never.
  std::uint64_t spool_max_bytes = 0;
  // Write to the replicas whoever wrote there last, also when nothing here says that the backup in
  // them is this database's.
  bool take_over = false;
  // Likewise, and this database is right whatever they hold: a new generation begins above theirs.
  // For one life.
  bool adopt_local = false;
  milliseconds writer_check = Fence::kInterval;
  // Bytes of the log that are not durable here; above it the log is let go, and one delta follows.
  // 0 = never, not even when the application's disk is about to fill up.
  std::uint64_t log_hard_limit = 0;
  std::shared_ptr<WakePermits> permits{};  // of the process; null = all may be awake at once
};

enum class Phase : std::uint8_t {
  kOpening,    // reading the local state, asking the replicas who this database is
  kAttaching,  // the database cannot be followed yet; the error says why
  kComparing,  // the log is followed; what was missed before is being found by comparing all pages
  kLive,       // following
  kPaused,     // somebody asked to let go of the database until he says otherwise
  kStopped,
};

struct DatabaseStatus {
  std::string path, name;
  Phase phase = Phase::kOpening;
  GenerationId generation;
  Txid captured, durable;    // newest transaction seen, and in the spool
  Micros captured_time = 0;  // when it was seen
  Micros joined_since = 0;   // the replicas were told of this generation, or this life began
  Micros open_since = 0;     // the oldest one that is not sealed yet was seen; 0 = all are
  std::uint32_t page_size = 0, pages = 0;
  std::uint64_t log_bytes = 0, spool_bytes = 0;
  std::uint64_t pages_compared = 0;  // since the last attach
  // In this life: generations begun, and times that what was missed was found by comparing.
  std::uint64_t generations_begun = 0, comparisons = 0;
  milliseconds stands_still{0};  // inside one step of the capture, or of another database's
  bool handed_over = false;      // nothing of the log is held
  std::optional<Error> error;    // why it is not live, or what failed last
  sqlite::CaptureStats capture;
  std::vector<ReplicaStatus> replicas;
};

bool is_stuck(const DatabaseStatus& status);           // capture makes no progress
const char* state_name(const DatabaseStatus& status);  // for people and JSON

class Pipeline final : public Task, public ReplicaHost {
 public:
  // Takes the database's lock (kBusy: another daemon has it). Nothing runs before start().
  static Result<std::unique_ptr<Pipeline>> create(DatabaseSettings settings, const Clock& clock);
  ~Pipeline() override;

  void start(Loop& loop);
  // Captures and seals what is committed, sends it until `deadline`, lets go of the database. kOk,
  // or what did not make it. Blocks; any thread but the loop's.
  Status stop(MonoTime deadline);
  // The first part of stop: captures and seals; the replicas begin to send without waiting for
  // their intervals. For who stops many: all replicas send while one after the other is stopped.
  void begin_stop(MonoTime deadline);
  // From any thread: a stop under way, or later, no longer waits for what is not sent yet.
  void give_up();

  // Any thread.
  DatabaseStatus status() const;
  const std::string& path() const { return layout_.database; }
  const std::string& name() const { return settings_.name; }
  const DatabaseSettings& settings() const { return settings_; }
  // Captures and seals everything committed before the call; its transaction. With `replica` empty
  // wait_for waits for all of them.
  Result<Txid> sync(MonoTime deadline, const Cancel& cancel);
  Status wait_for(Txid txid, const std::string& replica, MonoTime deadline, const Cancel& cancel);
  // Until `count` of the replicas have it.
  Status wait_for_some(Txid txid, std::size_t count, MonoTime deadline, const Cancel& cancel);
  // Until each (or `replica`) has a snapshot that shows `txid` or later.
  Status wait_for_snapshot(Txid txid, const std::string& replica, MonoTime deadline,
                           const Cancel& cancel);
  // Does at once what the upkeep of the replicas has to do now. The first failure; the others are
  // looked after all the same.
  Status look_after_now(MonoTime deadline, const Cancel& cancel);

  // See Replica::renew; of the replica with this name.
  void renew(const std::string& replica, const std::set<std::string>& damaged);
  const state::Layout& layout() const { return layout_; }

  // Task
  MonoTime run(bool woken) override;

  // ReplicaHost
  Status visit(const std::function<Status(Moment&)>& visitor, const Cancel& cancel) override;
  state::Spool& spool() override { return *spool_; }
  void replica_moved() override;
  const std::string& database_path() const override { return layout_.database; }

 private:
  struct Visit;
  Pipeline(DatabaseSettings settings, state::Layout layout, File lock, state::Home home,
           const Clock& clock);

  // pipeline.cpp: the main loop
  Status open();
  Status attach();
  Status wait_for_permit();
  void settle_permit();
  Status compare(bool woken, bool& moved);
  void followed(const char* how);
  Status turn(bool woken, bool& moved);
  Status capture(bool woken, bool& moved);
  milliseconds slow_poll(MonoTime now) const;
  void watch_log();
  void unwatch();
  Status seal_when_due(MonoTime now);
  MonoTime seal_at_last() const;
  void give_up_position(state::Tip& tip);
  void tell_what_is_sealed();
  Status serve_visitors();
  bool visitor_waits() const;
  MonoTime next_turn(bool woken, bool moved);
  bool busy(MonoTime now, bool moved);

  // opening.cpp: local state and identity
  Status load_state();
  Result<std::optional<state::Identity>> load_identity();
  Status replay_spool();
  Result<bool> ledger_is_right();
  Status decide_identity();
  Status begin_generation();
  bool recipients_changed() const;

  // adopting.cpp: whose backup is it?
  Status learn_identity();
  bool backup_is_from_here() const;
  Status prove_same_database();
  Result<std::uint64_t> checksum_of_database();
  void join_replicas();
  bool has_history() const;
  Status collect_garbage(MonoTime now);
  Status tidy_up(MonoTime now);
  std::vector<state::SpoolObjectPtr> garbage() const;
  Status shrink_spool();
  Status remove_objects(const std::vector<state::SpoolObjectPtr>& objects);

  // scrubbing.cpp: is the file still what was captured?
  void begin_scrub();
  Status scrub_some();
  Status look_at_file();
  void note_file();

  // letting_go.cpp: when the log must not grow any more
  Result<bool> log_must_go();
  void let_go(const Error& cause);
  Status can_hold_again();
  void say_who_keeps_the_log(MonoTime now);
  void say_keeper(std::uint64_t bytes, const sqlite::LogKeeper& keeper);
  void leave_room_for_the_application();

  Status visit_until(const std::function<Status(Moment&)>& visitor, const Cancel& cancel,
                     MonoTime deadline);
  Status on_replicas(const std::string& name, const std::function<Status(Replica&)>& work);
  void leave();
  bool spool_was_sent() const;
  void failed(Error error);
  void say_trouble(const Error& trouble);
  void recovered();
  void detach();
  void publish();

  const DatabaseSettings settings_;
  const state::Layout layout_;
  File lock_;  // until stop
  const state::Home home_;
  const Clock& clock_;
  std::atomic<Loop*> loop_{nullptr};  // set by start; others may ask for something before that

  const MonoTime created_ = clock_.mono();
  // Of the loop's thread.
  WakePermit permit_;
  bool waits_for_permit_ = false;  // in this round; nothing else was done
  MonoTime permit_asked_{};        // since when it has to wait
  Phase phase_ = Phase::kOpening;
  std::optional<state::Identity> identity_;
  state::Tip tip_;  // as loaded; the recorder's from then on
  std::optional<state::Ledger> ledger_;
  std::unique_ptr<state::Spool> spool_;  // once open it stays: replicas read from it at any time
  bool decided_ = false;                 // in this life that the replicas are this database's
  bool unproven_ = false;                // who it is comes from a backup that may be another's
  std::optional<Error> foreign_;         // it is another's
  bool loaded_ = false;                  // identity, tip and ledger are what the spool says
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<sqlite::Capture> capture_;
  std::optional<Scrub> scrub_;            // under way
  std::optional<FileIdentity> checked_;   // of the database file: as it was noted last
  sqlite::CaptureStats captured_before_;  // by those that were detached: counters only go up
  int watch_ = -1, database_watch_ = -1;  // of the log, and of the database file
  bool watching_ = false;
  MonoTime last_check_{}, last_garbage_check_{}, last_move_{}, last_woken_{};
  milliseconds attach_delay_{0};
  std::chrono::microseconds look_again_{0};  // after a wake-up that showed nothing yet
  int quick_moves_ = 0;
  std::uint64_t generations_begun_ = 0, comparisons_ = 0;
  bool damage_said_ = false, keeper_said_ = false;
  bool failing_ = false;         // the last round did not end well
  std::optional<Error> let_go_;  // why the log was let go; until it is followed again
  MonoTime last_keeper_check_{};
  Txid told_sealed_;                           // the replicas know that it may be sent
  std::optional<MonoTime> garbage_since_;      // objects in the spool that nobody needs
  std::optional<Error> untidy_;                // why the last tidying up failed
  GenerationId joined_;                        // the generation that the replicas were told
  GenerationId ended_;                         // the one that was given up for a new one
  Micros joined_time_ = clock_.wall_micros();  // when; at first when this life began
  std::set<std::string> told_;  // why it is not followed: what was logged since it was

  std::vector<std::unique_ptr<Replica>> replicas_;
  Cancel stop_, given_up_;
  std::optional<Status> sealed_;  // by begin_stop; of the thread that stops
  bool stopped_ = false;          // likewise
  mutable std::mutex mutex_;      // guards what follows
  std::condition_variable visited_;
  std::deque<Visit*> visitors_;
  std::uint64_t replica_moves_ = 0;
  DatabaseStatus status_;
};

}  // namespace streamd::replicate
