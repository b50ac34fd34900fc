// What others ask of a running pipeline: a visit between two steps, a sync, its status, its end.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "replicate/pipeline.h"
#include "state/left.h"

namespace streamd::replicate {

namespace {

// What the replica cannot know: transactions that are not sealed yet, and that it was never asked
// what it has.
void find_lag(ReplicaStatus& replica, const DatabaseStatus& database) {
  const bool unknown = replica.state == ReplicaState::kBeginning || replica.acknowledged == Txid{};
  if (unknown)
    replica.behind_since = std::max(replica.acknowledged_time, database.joined_since);
  else if (replica.behind_since == 0 && database.captured > replica.acknowledged)
    replica.behind_since = database.open_since != 0 ? database.open_since : database.captured_time;
}

}  // namespace

struct Pipeline::Visit {
  const std::function<Status(Moment&)>& visitor;
  Status outcome;
  bool taken = false, done = false;
};

Result<std::unique_ptr<Pipeline>> Pipeline::create(DatabaseSettings settings, const Clock& clock) {
  state::Layout layout = TRY(state::layout_for(settings.path, settings.state_dir));
  File lock = TRY(state::take_lock(layout));
  state::Home home = TRY(state::find_home(lock));
  return std::unique_ptr<Pipeline>(new Pipeline(std::move(settings), std::move(layout),
                                                std::move(lock), std::move(home), clock));
}

Pipeline::Pipeline(DatabaseSettings settings, state::Layout layout, File lock, state::Home home,
                   const Clock& clock)
    : settings_(std::move(settings)),
      layout_(std::move(layout)),
      lock_(std::move(lock)),
      home_(std::move(home)),
      clock_(clock),
      permit_(settings_.permits, [this] {
        if (Loop* loop = loop_) loop->wake(*this);
      }) {
  status_.path = layout_.database;
  status_.name = settings_.name;
  status_.joined_since = joined_time_;
  for (const ReplicaSetup& setup : settings_.replicas) {
    ReplicaSettings replica{setup.name,
                            setup.place,
                            setup.sync_interval,
                            setup.snapshot_interval,
                            layout_.replica(setup.name),
                            home_,
                            settings_.take_over || settings_.adopt_local,
                            settings_.writer_check,
                            setup.keys,
                            setup.upkeep};
    replicas_.push_back(std::make_unique<Replica>(std::move(replica), setup.store, *this, clock_));
  }
}

Pipeline::~Pipeline() {
  if (!stopped_) (void)stop(clock_.mono());
}

void Pipeline::start(Loop& loop) {
  loop_ = &loop;
  for (const auto& replica : replicas_) replica->start();
  loop.add(*this);
}

void Pipeline::begin_stop(MonoTime deadline) {
  sealed_ = Status{};
  if (loop_ != nullptr) {
    const auto follows = [](Phase phase) {
      return phase == Phase::kLive || phase == Phase::kComparing;
    };
    bool live = [&] {
      const std::lock_guard lock(mutex_);
      return follows(status_.phase);
    }();
    if (!live) {  // it may be attaching at this moment, but not any more after this
      loop_.load()->remove(*this);
      live = follows(phase_);
      if (live)
        loop_.load()->add(*this);
      else
        permit_.give_back();  // others need theirs for their last sync
    }
    if (live) {
      const auto synced = sync(deadline, given_up_);
      if (!synced) sealed_ = Error(synced.error());
    }
  }
  for (const auto& replica : replicas_) replica->begin_drain();
}

void Pipeline::give_up() {
  given_up_.cancel();
  for (const auto& replica : replicas_) replica->give_up();
}

Status Pipeline::stop(MonoTime deadline) {
  if (!sealed_) begin_stop(deadline);
  Status sealed = *sealed_;
  std::string unsent;
  Code why = Code::kInternal;  // of several the one with the highest exit code
  for (const auto& replica : replicas_) {
    if (replica->drain_and_stop(deadline)) continue;
    unsent += (unsent.empty() ? "" : ", ") + replica->name();
    const auto error = replica->status().error;
    const Code code = error ? error->code : Code::kInternal;
    if (code == Code::kTransient || code == Code::kTimeout)
      why = Code::kTransient;
    else if (code == Code::kFenced || (code == Code::kDiverged && why == Code::kInternal))
      why = why == Code::kTransient ? why : code;
  }
  stop_.cancel();
  visited_.notify_all();
  if (Loop* loop = loop_) loop->remove(*this);
  if (recorder_ && sealed) sealed = remove_objects(garbage());
  if (recorder_ && sealed && phase_ == Phase::kLive) leave();
  waits_for_permit_ = false;
  detach();
  lock_.close();
  stopped_ = true;
  const Phase reached = std::exchange(phase_, Phase::kStopped);
  publish();
  if (!sealed) return sealed;
  const bool never_followed =
      joined_ == GenerationId{} && why != Code::kTransient && spool_was_sent();
  if (never_followed && reached == Phase::kAttaching && status_.error &&
      status_.error->code != Code::kWaiting)
    return Error(*status_.error).with_context("stop " + path() + ": it was not followed");
  if (!never_followed && !unsent.empty())
    return make_error(why, "stop " + path() + ": not everything reached replica " + unsent,
                      "it is kept in the spool and sent when streamd runs again");
  return {};
}

// The file was written over: nothing in the log tells any more what it holds, so that neither this
// life nor another may continue from there. The pages are compared; without any position at all a
// new generation begins.
void Pipeline::give_up_position(state::Tip& tip) {
  tip.position = {};
  Status saved = ledger_->sync();
  if (saved) saved = state::save_tip(layout_.tip(), tip);
  if (!saved) saved = remove_file(layout_.tip());
  if (!saved)
    log_error_event(LogLevel::kError,
                    "the position could not be given up: the next start of streamd may continue "
                    "from a state that the database does not have",
                    Error(saved.error()).with_hint("remove " + layout_.tip() + " before"),
                    {{"database", path()}});
}

// The database file alone stays behind when nobody else has it open: whoever replaces it then finds
// no log that SQLite would take for the new file's.
void Pipeline::leave() {
  note_file();
  const auto left = capture_->leave();
  state::Tip tip = recorder_->tip();
  if (capture_->overwritten()) give_up_position(tip);
  if (!left)
    log_error_event(LogLevel::kWarn, "the log was left beside the database", left.error(),
                    {{"database", path()}});
  else if (*left)  // without it the next life compares the pages
    (void)state::save_left(layout_.left(), {tip.generation, tip.txid, **left});
  if (left && *left && !scrub_)
    (void)state::note_left(layout_.checked(), {tip.generation, tip.txid, **left});
}

// By what the replicas answered when they were asked first: nothing was sent since. They get
// objects in order, so that who has the newest has all.
bool Pipeline::spool_was_sent() const {
  const auto objects = spool_ ? spool_->objects() : std::vector<state::SpoolObjectPtr>{};
  if (objects.empty()) return true;
  const segment::ObjectHeader& newest = objects.back()->header;
  return std::all_of(replicas_.begin(), replicas_.end(), [&](const auto& replica) {
    const auto discovery = replica->discovery();
    return discovery && discovery->newest >= newest.generation && discovery->highest >= newest.last;
  });
}

void Pipeline::renew(const std::string& replica, const std::set<std::string>& damaged) {
  for (const auto& each : replicas_)
    if (each->name() == replica) each->renew(damaged);
}

Status Pipeline::visit(const std::function<Status(Moment&)>& visitor, const Cancel& cancel) {
  return visit_until(visitor, cancel, MonoTime::max());
}

Status Pipeline::visit_until(const std::function<Status(Moment&)>& visitor, const Cancel& cancel,
                             MonoTime deadline) {
  Visit visit{visitor, {}, false, false};
  std::unique_lock lock(mutex_);
  visitors_.push_back(&visit);
  lock.unlock();
  if (Loop* loop = loop_) loop->wake(*this);  // before start: served in its first round
  lock.lock();
  while (!visit.done) {
    const MonoTime now = clock_.mono();
    const bool late = now >= deadline;
    if (!visit.taken && (late || cancel.cancelled() || stop_.cancelled())) {
      std::erase(visitors_, &visit);
      if (!late) return make_error(Code::kCancelled, "stopped");
      return status_.error
                 ? *status_.error
                 : make_error(Code::kTimeout, "database " + path() + " is not being followed");
    }
    visited_.wait_until(lock, std::min(deadline, now + milliseconds(100)));
  }
  return std::move(visit.outcome);
}

// One visitor a round, so that capture gets its turn between two. An error is the visitor's own,
// unless after it nothing can go on as before.
Status Pipeline::serve_visitors() {
  std::unique_lock lock(mutex_);
  if (visitors_.empty()) return {};
  Visit* visit = visitors_.front();
  visitors_.pop_front();
  visit->taken = true;
  lock.unlock();
  Moment moment{*capture_, *recorder_, *ledger_};
  Status outcome = visit->visitor(moment);
  publish();  // who is answered may look at the status next
  Status ours;
  if (!outcome && (recorder_->must_reload() || capture_->stats().live_breaks != 0))
    ours = Error(outcome.error());
  lock.lock();
  visit->outcome = std::move(outcome);
  visit->done = true;
  visited_.notify_all();
  return ours;
}

bool Pipeline::visitor_waits() const {
  const std::lock_guard lock(mutex_);
  return !visitors_.empty();
}

void Pipeline::replica_moved() {
  {
    const std::lock_guard lock(mutex_);
    ++replica_moves_;
  }
  visited_.notify_all();
  if (Loop* loop = loop_; loop != nullptr && !stop_.cancelled()) loop->wake(*this);
}

Result<Txid> Pipeline::sync(MonoTime deadline, const Cancel& cancel) {
  Txid txid;
  TRY(visit_until(
      [&](Moment& moment) -> Status {
        TRY(moment.capture.catch_up());
        TRY(moment.capture.make_durable());
        txid = moment.recorder.tip().txid;
        return {};
      },
      cancel, deadline));
  for (const auto& replica : replicas_) replica->hurry();
  return txid;
}

Status Pipeline::on_replicas(const std::string& name, const std::function<Status(Replica&)>& work) {
  bool found = false;
  for (const auto& replica : replicas_) {
    if (!name.empty() && replica->name() != name) continue;
    found = true;
    TRY(work(*replica));
  }
  if (found) return {};
  return make_error(Code::kUsage, "database " + path() + " has no replica named " + name,
                    "`streamctl status` lists them");
}

Status Pipeline::wait_for(Txid txid, const std::string& name, MonoTime deadline,
                          const Cancel& cancel) {
  return on_replicas(name,
                     [&](Replica& replica) { return replica.wait_for(txid, deadline, cancel); });
}

Status Pipeline::wait_for_snapshot(Txid txid, const std::string& name, MonoTime deadline,
                                   const Cancel& cancel) {
  return on_replicas(
      name, [&](Replica& replica) { return replica.wait_for_snapshot(txid, deadline, cancel); });
}

// The replicas are asked without our lock: they have their own.
Status Pipeline::wait_for_some(Txid txid, std::size_t count, MonoTime deadline,
                               const Cancel& cancel) {
  if (count > replicas_.size())
    return make_error(Code::kUsage,
                      "database " + path() + " has " + std::to_string(replicas_.size()) +
                          (replicas_.size() == 1 ? " replica, not " : " replicas, not ") +
                          std::to_string(count));
  const auto moves = [&] {
    const std::lock_guard lock(mutex_);
    return replica_moves_;
  };
  for (;;) {
    const std::uint64_t seen = moves();
    const auto having = std::count_if(replicas_.begin(), replicas_.end(),
                                      [&](const auto& replica) { return replica->has(txid); });
    if (static_cast<std::size_t>(having) >= count) return {};
    if (stop_.cancelled() || cancel.cancelled())
      return make_error(Code::kCancelled, "wait for replicas of " + path() + ": stopped");
    const MonoTime now = clock_.mono();
    if (now >= deadline)
      return make_error(Code::kTimeout, std::to_string(having) + " of " + std::to_string(count) +
                                            " replicas have acknowledged transaction " +
                                            std::to_string(txid.value));
    std::unique_lock lock(mutex_);
    visited_.wait_until(lock, std::min(deadline, now + milliseconds(100)),
                        [&] { return replica_moves_ != seen; });
  }
}

Status Pipeline::look_after_now(MonoTime deadline, const Cancel& cancel) {
  Status outcome;
  for (const auto& replica : replicas_) {
    Status done = replica->look_after_now(deadline, cancel);
    if (outcome && !done) outcome = std::move(done);
  }
  return outcome;
}

DatabaseStatus Pipeline::status() const {
  DatabaseStatus status;
  {
    const std::lock_guard lock(mutex_);
    status = status_;
  }
  for (const auto& replica : replicas_) {
    status.replicas.push_back(replica->status());
    find_lag(status.replicas.back(), status);
  }
  if (Loop* loop = loop_) status.stands_still = loop->stands_still();
  if (is_stuck(status))
    status.error = make_error(
        Code::kTimeout,
        "capture of " + path() + " has made no progress for " +
            std::to_string(status.stands_still.count() / 1000) + " s",
        "look at the disks of the databases and of " + layout_.folder + ": one may hang");
  return status;
}

void Pipeline::publish() {
  const std::lock_guard lock(mutex_);
  status_.phase = phase_;
  if (identity_) status_.generation = identity_->generation;
  status_.joined_since = joined_time_;
  status_.generations_begun = generations_begun_;
  status_.comparisons = comparisons_;
  if (spool_) status_.spool_bytes = spool_->bytes();
  if (recorder_) status_.pages_compared = recorder_->pages_compared();
  status_.capture = captured_before_;
  if (capture_) status_.capture += capture_->stats();
  if (!capture_ || phase_ != Phase::kLive) return;
  status_.captured = recorder_->captured_txid();
  status_.durable = recorder_->tip().txid;
  status_.captured_time = recorder_->captured_time();
  const auto open_for = std::chrono::duration_cast<std::chrono::microseconds>(
      clock_.mono() - recorder_->open_since());
  status_.open_since =
      recorder_->has_open_segment() ? clock_.wall_micros() - open_for.count() : Micros{0};
  status_.page_size = capture_->position().page_size;
  status_.pages = capture_->position().pages;
  status_.log_bytes = capture_->log_bytes();
  status_.handed_over = capture_->handed_over();
}

}  // namespace streamd::replicate
