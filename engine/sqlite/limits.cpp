// How much of the log is ours, who else keeps it, and letting go of it on purpose.
#include "sqlite/capture.h"

namespace streamd::sqlite {
Result<std::uint64_t> Capture::held_bytes() {
  const wal::IndexHeader header = TRY(session_->header());
  const bool same_log = header.salts == durable_.salts && header.last_frame >= durable_.frame;
  const std::uint64_t frames = header.last_frame - (same_log ? durable_.frame : 0);
  return frames * (wal::kFrameHeaderSize + captured_.page_size);
}

LogKeeper Capture::other_keeper() const {
  pid_t writer = 0;
  const bool writes = session_->foreign_holder(IndexLock::kWrite, &writer);
  for (int slot = 0; slot < kReadSlots; ++slot) {
    pid_t reader = 0;
    if (slot != 0 && session_->read_mark(slot) > pin_.last_frame) continue;
    if (!session_->foreign_holder(read_lock(slot), &reader)) continue;
    const bool transaction = writes && writer == reader;
    return {transaction ? LogKeeper::What::kTransaction : LogKeeper::What::kReader, reader};
  }
  return {};
}

// Only somebody who writes at this moment can be about to commit a frame of this log out there.
Result<LogKeeper> Capture::large_transaction(std::uint64_t bytes) const {
  LogKeeper keeper;
  if (captured_.frame == 0 || !session_->foreign_holder(IndexLock::kWrite, &keeper.pid))
    return LogKeeper{};
  const std::uint64_t frames = bytes / (wal::kFrameHeaderSize + captured_.page_size) + 1;
  const auto frame = static_cast<std::uint32_t>(captured_.frame + frames);
  std::uint8_t raw[wal::kFrameHeaderSize];
  const std::uint64_t offset = wal::frame_offset(frame, captured_.page_size);
  if (TRY(session_->log().read_some_at(offset, raw)) != sizeof raw) return LogKeeper{};
  if (wal::parse_frame_header(raw).salts == captured_.salts)
    keeper.what = LogKeeper::What::kTransaction;
  return keeper;
}

// The order of a close: what we hold goes first. One last checkpoint, now that nothing of ours is
// in its way, lets the next writer begin the log anew even in an application that never
// checkpoints. At rest there is nothing to ask for one with.
void Capture::let_go() {
  if (state_ == State::kZero || zero_kept_)
    session_->lock_holder().unlock_shared(IndexLock::kRead0);
  state_ = State::kAttaching;
  zero_kept_ = false;
  for (int which : {0, 1}) session_->reader(which).end();
  if (!session_->resting()) (void)backfill();
  session_->merge_when_last();
}

}  // namespace streamd::sqlite
