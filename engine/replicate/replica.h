// One replica of one database: its own position and health. One that is down never delays another
// (crew.h), nor the application. Objects are sent in order; the position moves only after the store
// has acknowledged.
#pragma once
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "catalog/marker.h"
#include "catalog/timeline.h"
#include "crypt/keyring.h"
#include "replicate/catch_up.h"
#include "replicate/crew.h"
#include "replicate/fence.h"
#include "replicate/host.h"
#include "replicate/upkeep_jobs.h"
#include "state/home.h"
#include "storage/store.h"

namespace streamd::replicate {

struct ReplicaSettings {
  std::string name;   // unique in the database; a file name
  std::string place;  // see ReplicaSetup
  milliseconds sync_interval{1000};
  milliseconds snapshot_interval{std::chrono::hours(24)};
  std::string state_folder;  // of this replica
  state::Home home;
  bool take_over = false;  // write whoever wrote there last
  milliseconds writer_check = Fence::kInterval;
  std::shared_ptr<crypt::Keyring> keys{};  // null = nothing is encrypted
  UpkeepSettings upkeep{};
};

// What the first look at the store told.
struct Discovery {
  std::optional<catalog::Marker> marker;
  GenerationId newest;  // none when no generation is there
  Txid highest;         // of any generation
  LastClaim last;       // who writes there
  // Of the database as of the newest restorable moment; only where we have not been before.
  std::optional<std::uint64_t> checksum;
  bool unreadable = false;  // that moment is encrypted, and no key is here
};

enum class ReplicaState : std::uint8_t {
  kConnecting,  // not reached yet in this life
  kBeginning,   // the first snapshot of the generation is under way: not yet restorable
  kReady,       // in step, or sending
  kSilent,      // at work, and nothing was finished there for some time: see the error
  kFailing,     // the last attempt failed; it is tried again
  kRefused,     // needs a person: see the error
  kTakenOver,   // another writer has claimed it: nothing is written there any more in this life
};
const char* state_name(ReplicaState state);

constexpr std::size_t kMostSpans = 32;  // that a status tells of

struct ReplicaStatus {
  std::string name;
  ReplicaState state = ReplicaState::kConnecting;
  GenerationId generation;       // that what follows is of; none before it was joined
  Txid acknowledged;             // restorable there up to this transaction
  Micros acknowledged_time = 0;  // when the capture saw it
  Txid snapshot;                 // the newest one; 0 = none
  Micros snapshot_time = 0, last_success = 0;
  std::uint64_t objects_sent = 0, bytes_sent = 0;
  std::uint64_t snapshots_taken = 0, catch_ups = 0;  // in this life
  std::uint64_t bytes_waiting = 0;                   // sealed here and not acknowledged there
  Micros behind_since = 0;  // when the oldest transaction that it lacks was seen; 0 = none known
  // What can be restored of the generation, as of the listing when it was joined and what was sent
  // since; ascending, apart, the newest ones only. What is removed there meanwhile is still in it.
  std::vector<catalog::Span> restorable;
  Txid dropped;  // up to here the spool has dropped what it lacks: a delta follows; 0 = nothing
  std::optional<Error> error;  // of the last failure, while failing or refused; of a silence
  UpkeepDone upkeep;
  std::optional<UpkeepTrouble> upkeep_error;  // does not stop sending
};

// Up to the first gap after `tip`: nothing is ever sent that does not continue what is there.
std::vector<state::SpoolObjectPtr> gapless(std::vector<state::SpoolObjectPtr> queue, Txid tip);

class Replica final : private Task {
 public:
  Replica(ReplicaSettings settings, std::shared_ptr<storage::Store> store, ReplicaHost& host,
          const Clock& clock);
  ~Replica();

  void start();
  // The database has decided who it is (again): join under this identity; its tip is what is
  // durable here. `may_take_over`: somebody has decided, in this life, that it writes there.
  void join(const state::Identity& identity, const state::Tip& tip, std::uint32_t page_size,
            bool may_take_over);
  void offer(Txid sealed);  // the spool has what was committed up to here
  void hurry();             // send what is sealed now, whatever the interval says
  void request_snapshot();
  // These objects there are not what was sent: no snapshot builds on them any more, and one is
  // taken now.
  void renew(const std::set<std::string>& damaged);
  void begin_drain();  // from now on nothing waits for an interval
  // Sends what is sealed until `deadline`, then stops. False = something could not be sent.
  bool drain_and_stop(MonoTime deadline);
  void give_up();  // drain_and_stop waits no longer, now or later

  const std::string& name() const { return settings_.name; }
  milliseconds sync_interval() const { return settings_.sync_interval; }
  std::optional<Discovery> discovery() const;
  ReplicaStatus status() const;
  void tell_silence();  // one line in the log when it begins; to be called now and then
  // Free and allowed to send at `now` by its interval: sealing now would be sent now.
  bool wants_object(MonoTime now) const;
  MonoTime next_due() const;
  // Must the spool keep it for this replica?
  bool needs(const state::SpoolObject& object) const;
  // The spool is about to drop them: remembers, durably, which pages those of them that it needs
  // touched. In order. The pipeline's thread.
  Status note_dropped(const std::vector<state::SpoolObjectPtr>& objects);
  // Does at once what its upkeep has to do now. kTimeout, kCancelled, or what went wrong.
  Status look_after_now(MonoTime deadline, const Cancel& cancel);
  // Waits until everything up to `txid` is restorable there. kTimeout, kCancelled, or the refusal.
  Status wait_for(Txid txid, MonoTime deadline, const Cancel& cancel);
  // Waits for a snapshot that shows `txid` or later; asks for one when there is none. Errors alike.
  Status wait_for_snapshot(Txid txid, MonoTime deadline, const Cancel& cancel);
  bool has(Txid txid) const;  // restorable there

 private:
  struct Joined {
    state::Identity identity;
    state::Tip tip;
    std::uint32_t page_size = 0;
    bool may_take_over = false;
  };
  MonoTime run(bool woken) override;
  MonoTime step(std::unique_lock<std::mutex>& lock);
  void wake();
  Status discover();
  Status join_store(const Joined& joined);
  Result<bool> was_here() const;
  Status must_be_our_past(const catalog::Timeline& timeline, const Joined& joined);
  Result<bool> agrees(const catalog::GenerationTimeline& generation, Txid txid,
                      std::optional<std::uint64_t> known);
  catalog::Writer as_writer(const state::Identity& identity) const;
  Result<bool> claim_place(const Joined& joined, const catalog::Timeline& timeline);
  Result<std::optional<std::uint64_t>> newest_checksum(const catalog::Timeline& timeline);
  Result<Micros> recorded_time(const catalog::Snapshot& snapshot) const;
  Status publish_keys(GenerationId ours, const catalog::Timeline& timeline);
  Status put_marker(const state::Identity& identity);
  bool work_is_due(MonoTime now) const;
  MonoTime next_run(MonoTime now, std::optional<milliseconds> upkeep) const;
  std::optional<milliseconds> snapshot_due_in() const;
  Status send_next();
  Status bridge_gap();
  std::string dropped_path() const;
  Status load_dropped();
  Status forget_dropped();
  bool lacks_dropped() const;
  bool changes_are_known() const;
  Status learn_base();
  Status catch_up();
  bool readable_alike(GenerationId generation) const;
  Result<bool> may_write(GenerationId generation);
  Status send_past(const catalog::Timeline& timeline, const state::Identity& identity);
  std::vector<state::SpoolObjectPtr> queue() const;
  bool in_step() const;
  Status wait_until(const std::function<bool()>& reached, MonoTime deadline, const Cancel& cancel);
  Status send(const std::vector<state::SpoolObjectPtr>& objects);
  Result<bool> verify_local(const state::SpoolObjectPtr& object);
  Status put_object(const state::SpoolObject& object);
  Status put_joined(const std::vector<state::SpoolObjectPtr>& objects);
  Status put_file(const std::string& key, const File& file);
  void note_sent(const state::SpoolObject& object);
  bool may_be_merged(const segment::ObjectHeader& header, std::uint64_t bytes) const;
  // Was stored; each transaction from `first` on can be restored.
  void acknowledge(const Base& base, Txid first);
  void move_to(const Base& base);
  void now_restorable(const catalog::Span& stored);
  void recovered();
  std::optional<Error> silence() const;
  bool spool_leads_to(Txid txid) const;
  bool lacks_what_is_lost() const;
  bool can_take_objects() const;
  bool is_news(const Error& error);
  std::int64_t failing_ms() const;
  void failed(Error error);
  void troubled(const Error& error);
  void snapshot();
  Status take_snapshot();
  bool can_be_looked_after() const;
  std::string why_not_looked_after() const;
  Upkeep::Outlook look_after();
  void looked_after(const std::optional<Error>& fenced);
  storage::Call call() const;

  const ReplicaSettings settings_;
  const std::shared_ptr<storage::Store> store_;
  ReplicaHost& host_;
  const Clock& clock_;
  Cancel cancel_;
  const std::function<void(const Error&)> troubled_ = [this](const Error& error) {
    troubled(error);
  };
  Fence fence_;
  FencedStore fenced_;  // everything but marker and claim is put through it
  Contents contents_;
  MergeCache merge_cache_;
  ChangedRange changed_range_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  ReplicaStatus status_;
  std::optional<Discovery> discovery_;
  std::optional<Joined> to_join_, joined_;
  std::set<std::string> known_parts_;  // keys of parts that the listing showed, or that were put
  bool restorable_ = false;            // the generation has a snapshot here
  std::optional<Base> base_;           // of status_.acknowledged, when it was sent in this life
  std::string reached_object_;         // ends at what was acknowledged when it was joined; or empty
  std::optional<state::ChangedPages> dropped_;
  bool dropped_loaded_ = false;
  bool snapshot_wanted_ = false, snapshot_running_ = false;
  std::optional<std::pair<Txid, Micros>> snapshot_moment_;  // T of the manifest being uploaded
  bool started_ = false, draining_ = false, stopping_ = false, sending_ = false;
  bool given_up_ = false;
  bool if_absent_ = false;   // the store's capability
  bool struggling_ = false;  // told of trouble since the last success
  MonoTime next_due_{}, retry_at_{};
  Txid offered_;      // the newest that was sealed
  MonoTime moved_{};  // work began, or something was stored there
  bool silence_told_ = false;
  int failures_ = 0;
  std::set<Code> told_;  // kinds of failures that were logged since it was failing
  std::uint64_t failures_counted_ = 0;
  MonoTime failing_since_{};
  struct Snapshot final : Task {
    explicit Snapshot(Replica& of) : replica(of) {}
    MonoTime run(bool woken) override;
    Replica& replica;
  } snapshot_{*this};
  Upkeep upkeep_;
};

}  // namespace streamd::replicate
