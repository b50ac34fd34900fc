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
#include "state/left.h"

namespace streamd::replicate {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

constexpr milliseconds kStuck{5000};  // in one step, without a read or a write
// A checkpoint of the application may wait for our pin.
constexpr milliseconds kPinnedPoll{20}, kPinnedQuietPoll{50}, kPinnedQuiet{1000};
constexpr milliseconds kZeroPoll{2000};  // nothing is held; inotify wakes us, this is the fallback
// At rest: the longer ago it was woken, the less often it is looked at.
constexpr seconds kRestPoll{30};
constexpr int kRestLooks = 4;            // in the time since
constexpr milliseconds kSlack{250};      // polls of many databases fall together
constexpr microseconds kFirstLook{200};  // the log is written before the commit shows in the index
constexpr milliseconds kLongestLook{400};
constexpr milliseconds kBusyPoll{1}, kBusyFor{50};
constexpr int kQuickMovesToBusy = 8;
constexpr milliseconds kQuickMove{3};
constexpr milliseconds kReplacedCheck{500};
constexpr milliseconds kQuietStart{2000};  // asking the replicas who we are is no news for so long
constexpr std::size_t kMostTold = 32;      // reasons; each is logged once until we follow again
constexpr milliseconds kFailureDelay{1000}, kAttachDelay{50}, kLongestAttachDelay{1000};
constexpr seconds kPermitPatience{60};
constexpr milliseconds kLongestLetGoDelay{10'000};  // each try may read the whole database

// What makes a reason another one: not which file met the full disk first, nor the random names of
// temporary files.
std::string reason(const Error& error) {
  if (error.code == Code::kNoSpace) return "no space";
  return error.message.substr(0, error.message.find("/.tmp-"));
}

// One wake-up for the polls of many databases.
MonoTime with_others(MonoTime when) {
  const auto late = when.time_since_epoch() % kSlack;
  return late.count() == 0 ? when : when + (kSlack - late);
}

}  // namespace

bool is_stuck(const DatabaseStatus& status) {
  return status.stands_still >= kStuck;
}

const char* state_name(const DatabaseStatus& status) {
  if (is_stuck(status)) return "stuck";
  switch (status.phase) {
    case Phase::kOpening:
      return "opening";
    case Phase::kAttaching:
      if (status.error && status.error->code == Code::kWaiting)
        return "waiting for the application";
      return "not protected";
    case Phase::kComparing:
      return "comparing";
    case Phase::kLive:
      return status.error ? "failing" : "live";  // failing: nothing is lost while the log is held
    case Phase::kPaused:
      return "paused";
    case Phase::kStopped:
      return "stopped";
  }
  return "stopped";
}

MonoTime Pipeline::run(bool woken) {
  bool moved = false;
  Status done;
  waits_for_permit_ = false;
  if (phase_ == Phase::kOpening) done = open();
  if (done && phase_ == Phase::kAttaching) done = permit_.take() ? attach() : wait_for_permit();
  if (done && phase_ == Phase::kComparing)
    done = compare(woken, moved);
  else if (done && phase_ == Phase::kLive)
    done = turn(woken, moved);
  failing_ = !done;
  if (!done)
    failed(std::move(done.error()));
  else if (phase_ == Phase::kLive && capture_->trouble())
    say_trouble(*capture_->trouble());
  else if (phase_ == Phase::kLive && status_.error)
    recovered();
  tell_what_is_sealed();
  settle_permit();
  publish();
  for (const auto& replica : replicas_) replica->tell_silence();
  return next_turn(woken, moved);
}

// Reads the local state and learns from it, or from the replicas, who this database is.
Status Pipeline::open() {
  if (!loaded_) TRY(load_state());
  TRY(decide_identity());
  phase_ = Phase::kAttaching;
  return {};
}

// As many databases are awake as the limit of open files allows. At rest nothing is lost meanwhile.
Status Pipeline::wait_for_permit() {
  waits_for_permit_ = true;
  const MonoTime now = clock_.mono();
  if (permit_asked_ == MonoTime{}) permit_asked_ = now;
  if (now - permit_asked_ < kPermitPatience) return {};
  return make_error(Code::kBusy,
                    "database " + path() +
                        " waits: no more databases can be read at a time with "
                        "the present limit of open files",
                    "raise it: LimitNOFILE in the unit, or ulimit -Hn");
}

void Pipeline::settle_permit() {
  if (waits_for_permit_) return;
  permit_asked_ = {};
  if (capture_ && !capture_->resting())
    permit_.take_anyway();
  else
    permit_.give_back();
}

// Pins the log and ties what it holds to what was captured before.
Status Pipeline::attach() {
  if (foreign_) return *foreign_;
  if (let_go_) TRY(can_hold_again());
  const wal::Position last =
      tip_.generation == identity_->generation ? tip_.position : wal::Position{};
  recorder_ = std::make_unique<Recorder>(*identity_, tip_, *ledger_, *spool_, clock_);
  const auto left = state::load_left(layout_.left());
  const bool is_as_left = left && left->generation == tip_.generation && left->txid == tip_.txid;
  const auto checked = state::load_left(layout_.checked());
  const auto file = TRY(stat_path(layout_.database));
  capture_ =
      TRY(sqlite::Capture::attach(layout_.database, last, *recorder_, settings_.capture, clock_,
                                  is_as_left ? std::optional(left->file) : std::nullopt));
  const bool broken = capture_->continuity() == sqlite::Continuity::kBroken;
  if (broken && has_history()) {
    TRY(recorder_->begin_comparison());
    TRY(capture_->settle());
    phase_ = Phase::kComparing;
    return {};
  }
  if (broken) {
    TRY(begin_generation());
    TRY(recorder_->save_tip(layout_.tip()));
  }
  TRY(capture_->settle());
  const bool restarted = capture_->continuity() == sqlite::Continuity::kOneRestart;
  followed(broken ? "new generation" : restarted ? "one restart" : "same log");
  const bool is_as_checked = checked && file && checked->file == identity_of(*file);
  if (!broken && !is_as_checked) begin_scrub();
  return {};
}

// One round. What fails in one of its parts does not keep the others from their work: sealing makes
// the log free, and tidying up makes room on a full disk.
Status Pipeline::turn(bool woken, bool& moved) {
  const MonoTime now = clock_.mono();
  capture_->make_room(permit_.wanted());
  if (TRY(capture_->must_wake()) && !permit_.take()) return wait_for_permit();
  Status done = capture(woken, moved);
  const auto lost = [&] {
    return recorder_->must_reload() || done.error().code == Code::kInternal;
  };
  if (!done && lost()) return done;
  Status sealed = seal_when_due(now);
  if (done) done = std::move(sealed);
  if (done) done = serve_visitors();
  if (done && scrub_) done = scrub_some();
  if (!done && lost()) return done;
  say_who_keeps_the_log(now);
  Status tidied = collect_garbage(clock_.mono());
  if (done) done = std::move(tidied);
  if (!done || !capture_->resting() || scrub_) return done;
  note_file();
  return ledger_->rest();
}

Status Pipeline::capture(bool woken, bool& moved) {
  const MonoTime now = clock_.mono();
  if (woken) last_woken_ = now;
  const bool told = woken && capture_->handed_over();
  if (told || now - last_check_ >= (capture_->handed_over() ? slow_poll(now) : kReplacedCheck)) {
    last_check_ = now;
    if (TRY(capture_->replaced()))
      return make_error(Code::kInternal, "the database's files were replaced",
                        "the new ones are compared with the old and the differences sent");
    TRY(look_at_file());
  }
  moved = TRY(capture_->step());
  if (capture_->stats().damaged_index != 0 && !damage_said_) {
    damage_said_ = true;
    log_error(
        "the index of the database's log claims more than the log has: a process was killed "
        "while it restarted the log, and SQLite may hide or lose the next commits of the live "
        "database; what was captured is right",
        {{"database", path()}});
  }
  return {};
}

// The first commit after a quiet time is sealed at once; while commits keep coming, one object per
// sync interval of a replica that is free to send it.
Status Pipeline::seal_when_due(MonoTime now) {
  if (!recorder_->has_open_segment()) return {};
  const bool wanted = std::any_of(replicas_.begin(), replicas_.end(),
                                  [&](const auto& replica) { return replica->wants_object(now); });
  if (!wanted && now < seal_at_last()) return {};
  return capture_->make_durable();
}

// When the open segment is sealed although no replica can take it.
MonoTime Pipeline::seal_at_last() const {
  milliseconds longest{0};
  for (const auto& replica : replicas_) longest = std::max(longest, replica->sync_interval());
  return recorder_->open_since() + longest;
}

// Whatever it was sealed for: that its time had come, that the log is handed back, a visitor.
void Pipeline::tell_what_is_sealed() {
  if (!recorder_ || recorder_->tip().txid == told_sealed_) return;
  told_sealed_ = recorder_->tip().txid;
  for (const auto& replica : replicas_) replica->offer(told_sealed_);
}

MonoTime Pipeline::next_turn(bool woken, bool moved) {
  const MonoTime now = clock_.mono();
  if (phase_ == Phase::kStopped) return now + std::chrono::hours(1);
  if (waits_for_permit_) return now + kZeroPoll;  // we are woken when it is there
  if (phase_ == Phase::kComparing) return now;
  if (phase_ != Phase::kLive)
    return now + (phase_ == Phase::kOpening ? kAttachDelay : attach_delay_);
  if (failing_) return now + kFailureDelay;
  if (scrub_) return now;
  const milliseconds pinned = now - last_move_ < kPinnedQuiet ? kPinnedPoll : kPinnedQuietPoll;
  MonoTime next = capture_->handed_over() ? with_others(now + slow_poll(now)) : now + pinned;
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
  if (recorder_->has_open_segment()) {
    MonoTime seal = seal_at_last();
    for (const auto& replica : replicas_) seal = std::min(seal, replica->next_due());
    next = std::min(next, std::max(now + milliseconds(1), seal));
  }
  return next;
}

// A commit is written before it is synced and shows in the index, and a sync may take its time: so
// what woke us is not yet over when nothing is to be seen.
milliseconds Pipeline::slow_poll(MonoTime now) const {
  const bool told_in_time = watching_ && database_watch_ >= 0;
  if (!capture_->resting() || !told_in_time) return kZeroPoll;
  const auto since = std::chrono::duration_cast<milliseconds>(now - last_woken_);
  return std::clamp<milliseconds>(since / kRestLooks, kZeroPoll, kRestPoll);
}

void Pipeline::watch_log() {
  watch_ = loop_.load()->watch(layout_.database + "-wal", Loop::Event::kWritten, *this);
  watching_ = watch_ >= 0;
}

void Pipeline::unwatch() {
  if (watching_) loop_.load()->unwatch(watch_);
  if (database_watch_ >= 0) loop_.load()->unwatch(database_watch_);
  watch_ = database_watch_ = -1;
  watching_ = false;
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
      loop_.load()->unwatch(watch_);
    else
      watch_log();
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
  if (phase_ == Phase::kLive && !reattach) {
    const auto must_go = log_must_go();
    if (must_go && *must_go) return let_go(error);
  }
  if (let_go_ && error.code == let_go_->code) error = *let_go_;  // it lasts
  if (phase_ != Phase::kLive || reattach) {
    const milliseconds longest = let_go_ ? kLongestLetGoDelay : kLongestAttachDelay;
    attach_delay_ = std::clamp(attach_delay_ * 2, kAttachDelay, longest);
    const bool reload = recorder_ && recorder_->must_reload();
    if (recorder_ && !reload &&
        recorder_->tip().generation == (identity_ ? identity_->generation : GenerationId{}))
      tip_ = recorder_->tip();
    if (capture_ && capture_->overwritten()) give_up_position(tip_);
    detach();
    if (reload) loaded_ = false;
    phase_ = reload || phase_ == Phase::kOpening ? Phase::kOpening : Phase::kAttaching;
  }
  const std::lock_guard lock(mutex_);
  if (!status_.error || told_.size() >= kMostTold) told_.clear();
  const bool starting = phase_ == Phase::kOpening && clock_.mono() - created_ < kQuietStart;
  const bool news = starting ? !status_.error || status_.error->message != error.message
                             : told_.insert(reason(error)).second;
  const bool waiting = error.code == Code::kWaiting;  // as it should be, not a fault
  const LogLevel level = starting ? LogLevel::kDebug : waiting ? LogLevel::kInfo : LogLevel::kWarn;
  if (news)
    log_error_event(level, waiting ? "waiting for the application" : "database is not followed",
                    error, {{"database", layout_.database}});
  status_.error = std::move(error);
}

void Pipeline::say_trouble(const Error& trouble) {
  const std::lock_guard lock(mutex_);
  if (status_.error && status_.error->message == trouble.message) return;
  log_error_event(LogLevel::kWarn, "the log cannot be handed back: it stays until that works again",
                  trouble, {{"database", layout_.database}});
  told_.insert(reason(trouble));
  status_.error = trouble;
}

void Pipeline::recovered() {
  const std::lock_guard lock(mutex_);
  if (!told_.empty()) log_info("database is followed again", {{"database", layout_.database}});
  status_.error.reset();
}

void Pipeline::detach() {
  tell_what_is_sealed();  // in the round that failed, too: what is sent makes room
  unwatch();
  scrub_.reset();
  if (recorder_) recorder_->discard();
  if (capture_) captured_before_ += capture_->stats();
  capture_.reset();
  recorder_.reset();
  if (!waits_for_permit_) permit_.give_back();
}

}  // namespace streamd::replicate
