// One database and its replicas: the main loop of the product. Start reading at pipeline.cpp.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "replicate/host.h"
#include "replicate/loop.h"
#include "replicate/replica.h"
#include "state/layout.h"
#include "storage/store.h"

namespace streamd::replicate {

struct ReplicaSetup {
  std::string name;
  milliseconds sync_interval{1000};
  milliseconds snapshot_interval{std::chrono::hours(24)};
  std::shared_ptr<storage::Store> store;
};

struct DatabaseSettings {
  std::string path, name;
  std::string state_dir;  // empty = beside the database
  sqlite::CapturePolicy capture;
  std::vector<ReplicaSetup> replicas;
};

enum class Phase : std::uint8_t {
  kOpening,    // reading the local state, asking the replicas who this database is
  kAttaching,  // the database cannot be followed yet; the error says why
  kLive,       // following
  kStopped,
};

struct DatabaseStatus {
  std::string path, name;
  Phase phase = Phase::kOpening;
  GenerationId generation;
  Txid captured, durable;    // newest transaction seen, and in the spool
  Micros captured_time = 0;  // when it was seen
  std::uint32_t page_size = 0, pages = 0;
  std::uint64_t log_bytes = 0, spool_bytes = 0;
  bool handed_over = false;    // nothing of the log is held
  std::optional<Error> error;  // why it is not live, or what failed last
  sqlite::CaptureStats capture;
  std::vector<ReplicaStatus> replicas;
};

const char* state_name(const DatabaseStatus& status);  // for people and JSON

class Pipeline final : public LoopTask, public ReplicaHost {
 public:
  // Takes the database's lock (kBusy: another daemon has it). Nothing runs before start().
  static Result<std::unique_ptr<Pipeline>> create(DatabaseSettings settings, const Clock& clock);
  ~Pipeline() override;

  void start(Loop& loop);
  // Captures and seals what is committed, sends it until `deadline`, lets go of the database. kOk,
  // or what did not make it. Blocks; any thread but the loop's.
  Status stop(MonoTime deadline);

  // Any thread.
  DatabaseStatus status() const;
  const std::string& path() const { return layout_.database; }
  const std::string& name() const { return settings_.name; }
  // Captures and seals everything committed before the call; its transaction. With `replica` empty
  // wait_for waits for all of them.
  Result<Txid> sync(MonoTime deadline, const Cancel& cancel);
  Status wait_for(Txid txid, const std::string& replica, MonoTime deadline, const Cancel& cancel);

  // LoopTask
  MonoTime run(bool woken) override;

  // ReplicaHost
  Status visit(const std::function<Status(Moment&)>& visitor, const Cancel& cancel) override;
  state::Spool& spool() override { return *spool_; }
  void replica_moved() override;
  const std::string& database_path() const override { return layout_.database; }

 private:
  struct Visit;
  Pipeline(DatabaseSettings settings, state::Layout layout, File lock, const Clock& clock);

  // pipeline.cpp: the main loop
  Status open();
  Status attach();
  Status turn(bool& moved);
  Status capture(bool& moved);
  Status seal_when_due(MonoTime now);
  void serve_visitors();
  bool visitor_waits() const;
  MonoTime next_turn(bool woken, bool moved);
  bool busy(MonoTime now, bool moved);

  // opening.cpp: local state and identity
  Status load_state();
  Status replay_spool();
  Result<bool> ledger_is_right();
  Status decide_identity();
  Status begin_generation();
  void join_replicas();
  Status continue_or_compare();
  Status collect_garbage(MonoTime now);

  Status visit_until(const std::function<Status(Moment&)>& visitor, const Cancel& cancel,
                     MonoTime deadline);
  void failed(Error error);
  void recovered();
  void detach();
  void publish();

  const DatabaseSettings settings_;
  const state::Layout layout_;
  const File lock_;
  const Clock& clock_;
  Loop* loop_ = nullptr;

  const MonoTime created_ = clock_.mono();
  // Of the loop's thread.
  Phase phase_ = Phase::kOpening;
  std::optional<state::Identity> identity_;
  state::Tip tip_;  // as loaded; the recorder's from then on
  std::optional<state::Ledger> ledger_;
  std::unique_ptr<state::Spool> spool_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<sqlite::Capture> capture_;
  int watch_ = -1;
  bool watching_ = false;
  MonoTime last_check_{}, last_garbage_{}, last_garbage_check_{}, last_move_{};
  milliseconds attach_delay_{0};
  std::chrono::microseconds look_again_{0};  // after a wake-up that showed nothing yet
  int quick_moves_ = 0;
  GenerationId joined_;  // the generation that the replicas were told

  std::vector<std::unique_ptr<Replica>> replicas_;
  Cancel stop_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable visited_;
  std::deque<Visit*> visitors_;
  DatabaseStatus status_;
};

}  // namespace streamd::replicate
