// Read locks: taking one whose snapshot is known exactly, moving it, and trading it for slot 0.
#include <algorithm>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "sqlite/capture.h"
#include "sqlite/mistake.h"

namespace streamd::sqlite {
namespace {

using std::chrono::microseconds;
constexpr int kBeginAttempts = 200;
constexpr milliseconds kPatientWithWaiter{5};
// SQLite's own busy handler sleeps 100 ms at most before it tries a lock again.
constexpr milliseconds kAside{250}, kAsideLook{1};

}  // namespace

// A snapshot is exactly `header` when the index showed that before and after the transaction began:
// the change counter and the salts exclude that it changed and changed back.
Result<bool> Capture::begin_exact(Connection& reader, wal::IndexHeader& header) {
  reader.end();  // an attempt that failed half-way may have left it open
  for (int attempt = 0; attempt < kBeginAttempts; ++attempt) {
    const wal::IndexHeader before = TRY(look());
    if (Status begun = reader.begin_read(); !begun) {
      if (begun.error().code != Code::kBusy) return std::move(begun.error());
      std::this_thread::sleep_for(microseconds(200));
      continue;
    }
    header = TRY(look());
    if (before == header) return true;
    reader.end();
  }
  return false;
}

// A read transaction lands on slot 0 only when the log was fully backfilled at its snapshot, and
// slot 0 does not protect the log. nBackfill read afterwards and still short of it proves
// slot 1..4.
Result<bool> Capture::certainly_pinned(const wal::IndexHeader& header) {
  const std::uint32_t backfilled = session_->backfilled();
  const wal::IndexHeader now = TRY(session_->header());
  const bool went_back = static_cast<std::int32_t>(now.change - header.change) < 0;
  return now.salts == header.salts && !went_back && backfilled != header.last_frame;
}

// Step 3. The old lock goes only after everything up to the new one's snapshot is captured, and
// after the open run is compressed: a checkpoint may overwrite its bases from then on.
Result<bool> Capture::hop() {
  Connection& next = session_->reader(pin_reader_ ^ 1);
  wal::IndexHeader header;
  if (!TRY(begin_exact(next, header))) return false;
  if (header.salts != pin_.salts) {
    next.end();
    return live_break("the log was restarted under a read lock");
  }
  if (!TRY(certainly_pinned(header))) {
    next.end();
    return false;
  }
  Status captured = capture_to(header);
  if (captured) captured = close_run();
  if (!captured) {
    next.end();
    return std::move(captured.error());
  }
  session_->reader(pin_reader_).end();
  pin_reader_ ^= 1;
  pin_ = header;
  ++stats_.hops;
  return true;
}

bool Capture::lock_zero(const wal::IndexHeader& header) {
  Connection& holder = session_->lock_holder();
  if (!holder.lock_shared(IndexLock::kRead0)) return false;
  const std::uint32_t backfilled = session_->backfilled();
  const auto now = session_->header();
  if (now && *now == header && backfilled == header.last_frame) return true;
  holder.unlock_shared(IndexLock::kRead0);
  return false;
}

// Pinned → Zero: only when everything in the log is backfilled, captured and durable.
Result<bool> Capture::enter_zero() {
  const wal::IndexHeader header = TRY(look());
  const bool restarted = header.salts != pin_.salts;
  if (restarted && state_ != State::kAttaching)
    return live_break("the log was restarted under a read lock");
  // While attaching, the transaction may sit on slot 0: then the log was fully backfilled, and what
  // stands in the one new log is for settle_pinned().
  if (restarted && header.last_frame != 0) return false;
  if (session_->backfilled() != header.last_frame) return false;
  if (!restarted) TRY(capture_to(header));
  TRY(make_durable());
  if (durable_ != captured_ || !lock_zero(header)) return false;
  if (Status remembered = session_->remember_file(); !remembered) {
    session_->lock_holder().unlock_shared(IndexLock::kRead0);
    return std::move(remembered.error());
  }
  session_->reader(pin_reader_).end();
  state_ = State::kZero;
  view_.forget();
  failed_tries_ = 0;
  trouble_.reset();
  return true;
}

// A shared lock on any of slots 1..4 keeps the log from being restarted, whatever its mark; the one
// with the highest mark holds up a checkpoint least, and those that nobody uses have the highest of
// all. Not the slot whose mark is `last_frame`: that is our pin's.
std::optional<IndexLock> Capture::lock_other_slot(std::uint32_t last_frame) {
  std::vector<std::pair<std::uint32_t, int>> slots;
  for (int slot = 1; slot < kReadSlots; ++slot)
    if (const std::uint32_t mark = session_->read_mark(slot); mark != last_frame)
      slots.emplace_back(mark, slot);
  std::sort(slots.begin(), slots.end(), std::greater<>());
  Connection& holder = session_->lock_holder();
  for (const auto& [mark, slot] : slots) {
    if (!holder.lock_shared(read_lock(slot))) continue;
    if (session_->read_mark(slot) == mark) return read_lock(slot);
    holder.unlock_shared(read_lock(slot));
  }
  return std::nullopt;
}

// For a checkpoint that waits for the very slot of a pin at the end of the log: it has read the
// slot's mark when that was old, does not read it again, and the next read transaction would land
// on the same slot. So for a while there is none; the log is kept by another slot. While the waiter
// holds the write lock nothing is committed; what is committed after that is captured when a pin
// is there again, and whoever reads pages from the database file meanwhile checks their hashes.
Result<bool> Capture::step_aside(const wal::IndexHeader& header) {
  TRY(capture_to(header));
  TRY(make_durable());
  const std::optional<IndexLock> kept = lock_other_slot(header.last_frame);
  if (!kept) return false;
  session_->reader(pin_reader_).end();
  const MonoTime began = clock_.mono();
  while (checkpoint_holds_writers() && session_->backfilled() < header.last_frame &&
         clock_.mono() - began < kAside)
    std::this_thread::sleep_for(kAsideLook);
  const Status again = settle();
  session_->lock_holder().unlock_shared(*kept);
  if (!again)
    return live_break("no read lock could be had again: " + again.error().message, kCompared);
  return true;
}

// Zero → pinned: before slot 0 is released. A checkpointer that read its header before the restart
// may still be running, and in SQLite up to 3.51.2 it would then backfill pages of the old log over
// new ones (the WAL-reset bug). Checkpointers hold the checkpoint lock from before that read, so
// having it once proves that none is left; until then slot 0 stays locked, which harms only that
// checkpointer. One that also holds the write lock (FULL, RESTART, TRUNCATE) read its header under
// it and is not stale, but waits for us.
void Capture::release_zero(const wal::IndexHeader& header, MonoTime now) {
  Connection& checkpointer = session_->checkpointer();
  const bool nobody_checkpoints = checkpointer.lock_exclusive(IndexLock::kCheckpoint);
  if (nobody_checkpoints) checkpointer.unlock_exclusive(IndexLock::kCheckpoint);
  if (!nobody_checkpoints && !mistake::kNoBarrier &&
      !checkpoint_waits(header, now, kPatientWithWaiter)) {
    if (!zero_kept_) ++stats_.barrier_waits;
    zero_kept_ = true;
    return;
  }
  session_->lock_holder().unlock_shared(IndexLock::kRead0);
  zero_kept_ = false;
}

}  // namespace streamd::sqlite
