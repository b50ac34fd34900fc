// What others ask of a running pipeline: a visit between two steps, a sync, its status, its end.
#include <algorithm>

#include "base/log.h"
#include "replicate/pipeline.h"

namespace streamd::replicate {

struct Pipeline::Visit {
  const std::function<Status(Moment&)>& visitor;
  Status outcome;
  bool taken = false, done = false;
};

Result<std::unique_ptr<Pipeline>> Pipeline::create(DatabaseSettings settings, const Clock& clock) {
  state::Layout layout = TRY(state::layout_for(settings.path, settings.state_dir));
  File lock = TRY(state::take_lock(layout));
  return std::unique_ptr<Pipeline>(
      new Pipeline(std::move(settings), std::move(layout), std::move(lock), clock));
}

Pipeline::Pipeline(DatabaseSettings settings, state::Layout layout, File lock, const Clock& clock)
    : settings_(std::move(settings)),
      layout_(std::move(layout)),
      lock_(std::move(lock)),
      clock_(clock) {
  status_.path = layout_.database;
  status_.name = settings_.name;
  for (const ReplicaSetup& setup : settings_.replicas) {
    ReplicaSettings replica{setup.name, setup.sync_interval, setup.snapshot_interval,
                            layout_.replica(setup.name)};
    replicas_.push_back(std::make_unique<Replica>(std::move(replica), setup.store, *this, clock_));
  }
}

Pipeline::~Pipeline() {
  if (phase_ != Phase::kStopped) (void)stop(clock_.mono());
}

void Pipeline::start(Loop& loop) {
  loop_ = &loop;
  for (const auto& replica : replicas_) replica->start();
  loop.add(*this);
}

Status Pipeline::stop(MonoTime deadline) {
  Status sealed;
  if (loop_ != nullptr) {
    const bool live = [&] {
      const std::lock_guard lock(mutex_);
      return status_.phase == Phase::kLive;
    }();
    if (live) {
      const Cancel never;
      const auto synced = sync(deadline, never);
      if (!synced) sealed = Error(synced.error());
    }
  }
  for (const auto& replica : replicas_) replica->begin_drain();
  std::string unsent;
  bool unreachable = false;
  for (const auto& replica : replicas_) {
    if (replica->drain_and_stop(deadline)) continue;
    unsent += (unsent.empty() ? "" : ", ") + replica->name();
    const auto error = replica->status().error;
    unreachable = unreachable ||
                  (error && (error->code == Code::kTransient || error->code == Code::kTimeout));
  }
  stop_.cancel();
  visited_.notify_all();
  if (loop_ != nullptr) loop_->remove(*this);
  if (recorder_ && sealed) sealed = recorder_->save_tip(layout_.tip());
  detach();
  phase_ = Phase::kStopped;
  publish();
  if (!sealed) return sealed;
  if (!unsent.empty())
    return make_error(unreachable ? Code::kTransient : Code::kInternal,
                      "stop " + path() + ": not everything reached replica " + unsent,
                      "it is kept in the spool and sent when streamd runs again");
  return {};
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
  loop_->wake(*this);
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

// One visitor a round, so that capture gets its turn between two.
void Pipeline::serve_visitors() {
  std::unique_lock lock(mutex_);
  if (visitors_.empty()) return;
  Visit* visit = visitors_.front();
  visitors_.pop_front();
  visit->taken = true;
  lock.unlock();
  Moment moment{*capture_, *recorder_, *ledger_};
  Status outcome = visit->visitor(moment);
  publish();  // who is answered may look at the status next
  lock.lock();
  visit->outcome = std::move(outcome);
  visit->done = true;
  visited_.notify_all();
}

bool Pipeline::visitor_waits() const {
  const std::lock_guard lock(mutex_);
  return !visitors_.empty();
}

void Pipeline::replica_moved() {
  if (loop_ != nullptr && !stop_.cancelled()) loop_->wake(*this);
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

Status Pipeline::wait_for(Txid txid, const std::string& name, MonoTime deadline,
                          const Cancel& cancel) {
  bool found = false;
  for (const auto& replica : replicas_) {
    if (!name.empty() && replica->name() != name) continue;
    found = true;
    TRY(replica->wait_for(txid, deadline, cancel));
  }
  if (found) return {};
  return make_error(Code::kUsage, "database " + path() + " has no replica named " + name);
}

DatabaseStatus Pipeline::status() const {
  DatabaseStatus status;
  {
    const std::lock_guard lock(mutex_);
    status = status_;
  }
  for (const auto& replica : replicas_) status.replicas.push_back(replica->status());
  return status;
}

void Pipeline::publish() {
  const std::lock_guard lock(mutex_);
  status_.phase = phase_;
  if (identity_) status_.generation = identity_->generation;
  if (spool_) status_.spool_bytes = spool_->bytes();
  if (!capture_ || phase_ != Phase::kLive) return;
  status_.captured = recorder_->captured_txid();
  status_.durable = recorder_->tip().txid;
  status_.captured_time = recorder_->captured_time();
  status_.page_size = capture_->position().page_size;
  status_.pages = capture_->position().pages;
  status_.log_bytes = capture_->log_bytes();
  status_.handed_over = capture_->handed_over();
  status_.capture = capture_->stats();
}

}  // namespace streamd::replicate
