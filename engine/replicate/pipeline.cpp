// The path of a commit:
//
//   the application's -wal ──► capture ──► recorder ──► spool ──► replica ──► store
//                             (sqlite/)   (hashes,     (durable   (in order,  (driver.so)
//                                          runs)        here)      retried)
//
// turn() below is one round of it; everything else here says when the next one is due.
#include "replicate/pipeline.h"

#include <algorithm>

#include "base/log.h"

namespace streamd::replicate {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

constexpr milliseconds kPinnedPoll{20};  // a checkpoint of the application may wait for our pin
constexpr milliseconds kZeroPoll{2000};  // nothing is held; inotify wakes us, this is the fallback
constexpr microseconds kFirstLook{200};  // the log is written before the commit shows in the index
constexpr milliseconds kLongestLook{400};
constexpr milliseconds kBusyPoll{1}, kBusyFor{50};
constexpr int kQuickMovesToBusy = 8;
constexpr milliseconds kQuickMove{3};
constexpr milliseconds kReplacedCheck{500}, kReplacedCheckIdle{2000};
constexpr milliseconds kQuietStart{2000};  // asking the replicas who we are is no news for so long
constexpr milliseconds kFailureDelay{1000}, kAttachDelay{50}, kLongestAttachDelay{1000};

}  // namespace

const char* state_name(const DatabaseStatus& status) {
  switch (status.phase) {
    case Phase::kOpening:
      return "opening";
    case Phase::kAttaching:
      return "not protected";
    case Phase::kLive:
      return status.error ? "failing" : "live";  // failing: nothing is lost while the log is held
    case Phase::kStopped:
      return "stopped";
  }
  return "stopped";
}

MonoTime Pipeline::run(bool woken) {
  bool moved = false;
  Status done;
  if (phase_ == Phase::kOpening) done = open();
  if (done && phase_ == Phase::kAttaching) done = attach();
  if (done && phase_ == Phase::kLive) done = turn(moved);
  if (!done)
    failed(std::move(done.error()));
  else if (phase_ == Phase::kLive && status_.error)
    recovered();
  publish();
  return next_turn(woken, moved);
}

// Reads the local state and learns from it, or from the replicas, who this database is.
Status Pipeline::open() {
  if (!spool_) TRY(load_state());
  TRY(decide_identity());
  phase_ = Phase::kAttaching;
  return {};
}

// Pins the log and ties what it holds to what was captured before.
Status Pipeline::attach() {
  const wal::Position last =
      tip_.generation == identity_->generation ? tip_.position : wal::Position{};
  recorder_ = std::make_unique<Recorder>(*identity_, tip_, *ledger_, *spool_, clock_);
  capture_ =
      TRY(sqlite::Capture::attach(layout_.database, last, *recorder_, settings_.capture, clock_));
  TRY(continue_or_compare());
  TRY(capture_->settle());
  phase_ = Phase::kLive;
  attach_delay_ = {};
  watch_ = loop_->watch(layout_.database + "-wal", *this);
  watching_ = watch_ >= 0;
  return {};
}

// One round.
Status Pipeline::turn(bool& moved) {
  TRY(capture(moved));
  TRY(seal_when_due(clock_.mono()));
  serve_visitors();
  return collect_garbage(clock_.mono());
}

Status Pipeline::capture(bool& moved) {
  const MonoTime now = clock_.mono();
  if (now - last_check_ >= (capture_->handed_over() ? kReplacedCheckIdle : kReplacedCheck)) {
    last_check_ = now;
    if (TRY(capture_->replaced()))
      return make_error(Code::kInternal, "the database's files were replaced",
                        "the new ones are compared with the old and the differences sent");
  }
  moved = TRY(capture_->step());
  return {};
}

// The first commit after a quiet time is sealed at once; while commits keep coming, one object per
// sync interval of a replica that is free to send it.
Status Pipeline::seal_when_due(MonoTime now) {
  if (!recorder_->has_open_segment()) return {};
  bool due = false;
  milliseconds longest{0};
  for (const auto& replica : replicas_) {
    due = due || replica->wants_object(now);
    longest = std::max(longest, replica->sync_interval());
  }
  if (!due && now - recorder_->open_since() < longest) return {};
  TRY(capture_->make_durable());
  for (const auto& replica : replicas_) replica->poke();
  return {};
}

MonoTime Pipeline::next_turn(bool woken, bool moved) {
  const MonoTime now = clock_.mono();
  if (phase_ == Phase::kStopped) return now + std::chrono::hours(1);
  if (phase_ != Phase::kLive)
    return now + (phase_ == Phase::kOpening ? kAttachDelay : attach_delay_);
  if (status_.error) return now + kFailureDelay;
  MonoTime next = now + (capture_->handed_over() ? kZeroPoll : kPinnedPoll);
  if (busy(now, moved))
    next = now + kBusyPoll;
  else if (moved)
    next = now;
  if (moved)
    look_again_ = {};
  else if (woken)
    look_again_ = kFirstLook;
  else if (look_again_ > microseconds(0))
    look_again_ = look_again_ * 2 > kLongestLook ? microseconds(0) : look_again_ * 2;
  if (look_again_ > microseconds(0)) next = std::min(next, now + look_again_);
  if (visitor_waits()) next = now;
  if (capture_->waiter_present()) next = std::min(next, now + milliseconds(1));
  if (recorder_->has_open_segment())
    for (const auto& replica : replicas_)
      next = std::min(next, std::max(now + milliseconds(1), replica->next_due()));
  return next;
}

// While commits come faster than it pays to be woken for each, the log is polled instead of
// watched.
bool Pipeline::busy(MonoTime now, bool moved) {
  if (moved) {
    quick_moves_ = now - last_move_ < kQuickMove ? quick_moves_ + 1 : 0;
    last_move_ = now;
  } else if (now - last_move_ > kBusyFor) {
    quick_moves_ = 0;
  }
  const bool busy = quick_moves_ >= kQuickMovesToBusy;
  if (busy == watching_ && watch_ >= 0) {
    if (busy)
      loop_->unwatch(watch_);
    else
      watch_ = loop_->watch(layout_.database + "-wal", *this);
    watching_ = !busy && watch_ >= 0;
    if (!busy)
      look_again_ = kFirstLook;  // what was written between the last look and the new watch
  }
  return busy;
}

// A live break or a replaced file: attach again at once, and compare. Anything else: the frames
// were given back, nothing is lost while the pin holds; try again soon.
void Pipeline::failed(Error error) {
  const bool reattach =
      phase_ == Phase::kLive && (error.code == Code::kInternal || recorder_->must_reload());
  if (phase_ != Phase::kLive || reattach) {
    attach_delay_ = std::clamp(attach_delay_ * 2, kAttachDelay, kLongestAttachDelay);
    const bool reload = recorder_ && recorder_->must_reload();
    if (recorder_ && !reload &&
        recorder_->tip().generation == (identity_ ? identity_->generation : GenerationId{}))
      tip_ = recorder_->tip();
    detach();
    if (reload) spool_.reset();
    phase_ = reload || phase_ == Phase::kOpening ? Phase::kOpening : Phase::kAttaching;
  }
  const std::lock_guard lock(mutex_);
  const bool news = !status_.error || status_.error->message != error.message;
  const bool starting = phase_ == Phase::kOpening && clock_.mono() - created_ < kQuietStart;
  if (news)
    log_error_event(starting ? LogLevel::kDebug : LogLevel::kWarn, "database is not followed",
                    error, {{"database", layout_.database}});
  status_.error = std::move(error);
}

void Pipeline::recovered() {
  const std::lock_guard lock(mutex_);
  if (clock_.mono() - created_ >= kQuietStart)
    log_info("database is followed again", {{"database", layout_.database}});
  status_.error.reset();
}

void Pipeline::detach() {
  if (watch_ >= 0 && watching_) loop_->unwatch(watch_);
  watch_ = -1;
  watching_ = false;
  if (recorder_) recorder_->discard();
  capture_.reset();
  recorder_.reset();
}

}  // namespace streamd::replicate
