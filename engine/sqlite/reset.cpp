// Handing the log back: optimistically whenever it pays, under the write lock when a writer that
// never pauses has made it too large, and at once when an application's own checkpoint waits for
// us.
#include <algorithm>
#include <thread>

#include "sqlite/capture.h"

namespace streamd::sqlite {
namespace {

using std::chrono::microseconds;

constexpr int kOptimisticTries = 3;
constexpr milliseconds kBusyRetry{20}, kForcedRetry{50}, kTroubleRetry{1000};
constexpr milliseconds kWriteLockPatience{200}, kForeignCheckpointPatience{2};
constexpr milliseconds kDurableUnderLock{50}, kCheckpointUnderLock{25}, kReaderDrain{5};
constexpr milliseconds kWaiterPatience{2};
constexpr std::uint32_t kSmallRest = 200;  // frames left to backfill before the write lock is taken
constexpr std::uint32_t kTriesBeforeForce = 2;

}  // namespace

bool Capture::pause_is_for_reset(MonoTime now) const {
  const auto pause = now - last_commit_;
  if (pause < policy_.idle) return false;
  return stats_.commits == 0 || pause >= policy_.quiet || make_room_ ||
         captured_.frame >= policy_.reset_frames / 4 ||
         (pause >= policy_.alone && !session_->open_elsewhere());
}

bool Capture::reset_is_due(MonoTime now) const {
  if (captured_.frame == 0) return false;
  const bool idle = pause_is_for_reset(now);
  if (!idle && !broken_chain_ && captured_.frame < policy_.reset_frames) return false;
  if (trouble_ && now - last_try_ < kTroubleRetry) return false;
  if (now - last_try_ < (idle ? policy_.idle / 4 : kBusyRetry)) return false;
  const bool grew = captured_.frame >= tried_at_frame_ + policy_.reset_frames / 4;
  if (!idle && !broken_chain_ && failed_tries_ > 0 && !grew) return false;
  return !session_->foreign_reader_before(pin_.last_frame);
}

Result<bool> Capture::try_reset(MonoTime now) {
  const bool force = policy_.allow_forced_reset && log_bytes() > policy_.soft_limit_bytes &&
                     failed_tries_ >= kTriesBeforeForce && now - last_forced_ >= kForcedRetry;
  const bool done = force ? TRY(forced_reset()) : TRY(optimistic_reset());
  last_try_ = clock_.mono();
  if (force) last_forced_ = last_try_;
  tried_at_frame_ = captured_.frame;
  failed_tries_ = done ? 0 : failed_tries_ + 1;
  return done;
}

// A PASSIVE checkpoint; false = not now. One that fails (the disk of the database is full) is no
// failure of the capture.
bool Capture::backfill() {
  const Result<bool> done = session_->checkpointer().checkpoint();
  if (done && *done) trouble_.reset();
  if (!done) trouble_ = done.error();
  return done && *done;
}

// Step 4: wins when the writer pauses for as long as a seal and a lock take.
Result<bool> Capture::optimistic_reset() {
  ++stats_.optimistic_tries;
  for (int attempt = 0; attempt < kOptimisticTries; ++attempt) {
    const wal::IndexHeader header = TRY(look());
    if (session_->backfilled() != header.last_frame || header.last_frame != pin_.last_frame) {
      if (header.last_frame != pin_.last_frame && !TRY(hop())) return false;
      if (!backfill()) return false;
      if (session_->backfilled() < pin_.last_frame) return false;  // a foreign reader is in the way
    }
    if (TRY(enter_zero())) {
      ++stats_.optimistic_resets;
      return true;
    }
  }
  return false;
}

// Step 5. Most of the work is done before the write lock is taken.
Result<bool> Capture::forced_reset() {
  ++stats_.forced_tries;
  for (int round = 0; round < 4; ++round) {
    const wal::IndexHeader header = TRY(look());
    if (header.last_frame - session_->backfilled() < kSmallRest) break;
    if (header.last_frame != pin_.last_frame && !TRY(hop())) break;
    if (!backfill()) break;
  }
  TRY(make_durable());
  if (!TRY(take_write_lock())) return false;
  const MonoTime began = clock_.mono();
  Result<bool> done = reset_under_write_lock();
  session_->writer().end();
  const auto held = std::chrono::duration_cast<microseconds>(clock_.mono() - began);
  stats_.longest_write_lock = std::max<Micros>(stats_.longest_write_lock, held.count());
  stats_.total_write_lock += held.count();
  const auto* bound = std::lower_bound(kWriteLockBounds.begin(), kWriteLockBounds.end(), held);
  ++stats_.write_locks[static_cast<std::size_t>(bound - kWriteLockBounds.begin())];
  if (done && *done) ++stats_.forced_resets;
  return done;
}

Result<bool> Capture::take_write_lock() {
  const MonoTime began = clock_.mono();
  MonoTime checkpoint_since{};
  while (!TRY(session_->writer().begin_write())) {
    const MonoTime now = clock_.mono();
    if (!session_->foreign_holder(IndexLock::kCheckpoint))
      checkpoint_since = {};
    else if (checkpoint_since == MonoTime{})
      checkpoint_since = now;
    else if (now - checkpoint_since > kForeignCheckpointPatience)
      return false;
    if (now - began > kWriteLockPatience) return false;
    std::this_thread::sleep_for(microseconds(150));
  }
  return true;
}

// Nobody can commit now. The pin moves to the very end of the log and stays until slot 0 is ours,
// so giving up at any point is safe.
Result<bool> Capture::reset_under_write_lock() {
  const MonoTime began = clock_.mono();
  const wal::IndexHeader header = TRY(look());
  TRY(capture_to(header));
  TRY(make_durable());
  if (clock_.mono() - began > kDurableUnderLock) return false;
  if (header.last_frame != pin_.last_frame && !TRY(hop())) return false;
  while (!backfill()) {
    if (trouble_ || clock_.mono() - began > kDurableUnderLock + kCheckpointUnderLock) return false;
    std::this_thread::sleep_for(microseconds(200));
  }
  bool zero = false;
  for (int attempt = 0; attempt < 50 && !zero; ++attempt) {
    zero = TRY(enter_zero());
    if (!zero) std::this_thread::sleep_for(microseconds(50));
  }
  if (!zero) return false;
  // Foreign readers that began before us still sit on slots 1..4 and would keep the writer from
  // restarting the log: give them a moment.
  const MonoTime drain = clock_.mono();
  while (session_->foreign_readers() && clock_.mono() - drain < kReaderDrain)
    std::this_thread::sleep_for(microseconds(100));
  return true;
}

// FULL, RESTART and TRUNCATE hold the checkpoint and the write lock while they wait for a read lock
// of ours, so nothing is committed meanwhile; a PASSIVE one holds the checkpoint lock alone.
bool Capture::checkpoint_holds_writers() const {
  pid_t checkpoint_pid = 0, write_pid = 0;
  return session_->foreign_holder(IndexLock::kCheckpoint, &checkpoint_pid) &&
         session_->foreign_holder(IndexLock::kWrite, &write_pid) && checkpoint_pid == write_pid;
}

bool Capture::checkpoint_waits(const wal::IndexHeader& header, MonoTime now,
                               milliseconds patience) {
  if (header.last_frame != waiter_frame_ || !checkpoint_holds_writers()) {
    waiter_since_ = {};
    waiter_frame_ = header.last_frame;
    return false;
  }
  if (waiter_since_ == MonoTime{}) waiter_since_ = now;
  return now - waiter_since_ > patience;
}

// Step 6. A PASSIVE checkpoint must not be answered.
Result<bool> Capture::serve_waiter(const wal::IndexHeader& header, MonoTime now) {
  if (!checkpoint_waits(header, now, kWaiterPatience)) return false;
  const wal::IndexHeader latest = TRY(look());
  bool served = false;
  if (session_->backfilled() == latest.last_frame)
    served = TRY(enter_zero());
  else if (latest.last_frame != pin_.last_frame)
    served = TRY(hop());
  else if (!session_->foreign_reader_before(latest.last_frame))
    served = TRY(step_aside(latest));
  if (served) ++stats_.waiter_hops;
  return served;
}

}  // namespace streamd::sqlite
