#include "sqlite/capture.h"

#include <algorithm>

namespace streamd::sqlite {
namespace {

constexpr std::size_t kReadAhead = 256 * kKiB;  // of the log, in one read

Error not_continuous(std::uint32_t frame, const char* why) {
  return make_error(Code::kInternal,
                    "the log does not continue at frame " + std::to_string(frame) + ": " + why);
}

}  // namespace

Capture::Capture(std::unique_ptr<Session> session, CaptureSink& sink, const CapturePolicy& policy,
                 const Clock& clock)
    : session_(std::move(session)),
      sink_(sink),
      policy_(policy),
      clock_(clock),
      view_(session_->log(), session_->lock_holder()),
      not_before_(clock.wall_micros()),
      last_commit_(clock.mono()) {}

// SQLite forgets its count of a lock that a closing connection still holds, so it is given back.
Capture::~Capture() {
  if (state_ == State::kZero) session_->lock_holder().unlock_shared(IndexLock::kRead0);
}

Result<wal::IndexHeader> Capture::look() {
  look_began_ = clock_.wall_micros();
  const wal::IndexHeader header = TRY(session_->header());
  seen_ = clock_.wall_micros();
  const bool nothing_new = header.salts == captured_.salts ? header.last_frame == captured_.frame
                                                           : header.last_frame == 0;
  if (nothing_new) not_before_ = look_began_;
  return header;
}

Result<bool> Capture::step() {
  if (state_ == State::kZero) return step_zero();
  return step_pinned();
}

Result<bool> Capture::step_pinned() {
  const wal::IndexHeader header = TRY(look());
  if (header.salts != pin_.salts) return live_break("the log was restarted under a read lock");
  const bool captured = header.last_frame != captured_.frame;
  if (captured) TRY(capture_to(header));
  if (session_->backfilled() > header.last_frame &&
      session_->header()->last_frame == header.last_frame)
    ++stats_.damaged_index;
  const MonoTime now = clock_.mono();
  if (TRY(serve_waiter(header, now))) return true;
  if (reset_is_due(now) && TRY(try_reset(now))) return true;
  return captured;
}

// Step 7: frames after a hand-over belong to the same log (a foreign reader kept it from being
// restarted) or to the one new log; none can be lost while slot 0 is held.
Result<bool> Capture::step_zero() {
  const wal::IndexHeader idle = TRY(look());
  if (idle.salts == captured_.salts ? idle.last_frame == captured_.frame : idle.last_frame == 0)
    return false;
  Connection& reader = session_->reader(pin_reader_);
  wal::IndexHeader header;
  if (!TRY(begin_exact(reader, header))) return true;
  if (!TRY(certainly_pinned(header))) {
    reader.end();
    return true;
  }
  if (header.salts != captured_.salts) TRY(begin_log(header));
  Status captured = capture_to(header);
  if (captured) captured = close_run();
  if (!captured && captured.error().code == Code::kInternal) return std::move(captured.error());
  checkpoint_barrier();
  session_->lock_holder().unlock_shared(IndexLock::kRead0);
  state_ = State::kPinned;
  pin_ = header;
  failed_tries_ = tried_at_frame_ = 0;
  if (!captured) return std::move(captured.error());
  return true;
}

Status Capture::begin_log(const wal::IndexHeader& header) {
  std::uint8_t raw[wal::kLogHeaderSize];
  TRY(session_->log().read_at(0, raw));
  const auto log = wal::parse_log_header(raw);
  if (!log || log->salts != header.salts)
    return live_break("the new log's header does not match the wal-index");
  if (log->page_size != captured_.page_size) return live_break("the page size changed");
  wal::start_log(captured_, *log);
  durable_ = captured_;  // what the old log held was durable before it could be restarted
  view_.forget();
  return {};
}

Status Capture::capture_to(const wal::IndexHeader& header) {
  if (header.salts != captured_.salts || header.last_frame < captured_.frame)
    return live_break("the wal-index went back behind what was captured");
  if (header.last_frame == captured_.frame) return {};
  sink_.looked(not_before_, seen_);
  if (Status delivered = deliver(header.last_frame); !delivered) {
    if (delivered.error().code == Code::kInternal) return live_break(delivered.error().message);
    return give_back(std::move(delivered.error()));
  }
  if (captured_.frame != header.last_frame)
    return live_break("the last frame of the log is no commit");
  if (captured_.chain != header.frame_chain)
    return live_break("the log's checksum differs from the wal-index's");
  not_before_ = look_began_;
  last_commit_ = clock_.mono();
  return {};
}

// Steps over frames (captured, last_frame], which a lock of ours protects. Never reads beyond: what
// lies after the wal-index's last frame was never committed, however right its checksums are.
Status Capture::deliver(std::uint32_t last_frame) {
  const std::size_t frame_size = wal::kFrameHeaderSize + captured_.page_size;
  const auto at_once =
      static_cast<std::uint32_t>(std::max<std::size_t>(1, kReadAhead / frame_size));
  wal::Position position = captured_;
  Bytes buffer;
  while (position.frame < last_frame) {
    const std::uint32_t count = std::min(at_once, last_frame - position.frame);
    buffer.resize(count * frame_size);
    TRY(session_->log().read_at(wal::frame_offset(position.frame + 1, captured_.page_size),
                                buffer));
    for (std::uint32_t i = 0; i < count; ++i)
      TRY(deliver_frame(position, buffer.data() + i * frame_size));
  }
  return {};
}

Status Capture::deliver_frame(wal::Position& position, const std::uint8_t* frame) {
  const std::uint32_t number = position.frame + 1;
  if (!wal::accept_frame(position, frame))
    return not_continuous(number, "salts or checksum differ");
  const wal::FrameHeader header = wal::parse_frame_header(frame);
  view_.note(header.page, number);
  ++stats_.frames;
  TRY(sink_.page(*this, header.page, ByteView(frame + wal::kFrameHeaderSize, position.page_size)));
  if (!header.is_commit()) return {};
  captured_ = position;
  ++stats_.commits;
  return sink_.commit(*this);
}

Status Capture::catch_up() {
  if (state_ == State::kZero) {
    while (TRY(step_zero())) {
      if (state_ != State::kZero) break;
    }
    return {};
  }
  const wal::IndexHeader header = TRY(look());
  if (header.salts != pin_.salts) return live_break("the log was restarted under a read lock");
  return capture_to(header);
}

Status Capture::make_durable() {
  if (durable_ == captured_) return {};
  Status durable = sink_.make_durable(*this);
  if (!durable) return give_back(std::move(durable.error()));
  return {};
}

Status Capture::close_run() {
  Status closed = sink_.close_run(*this);
  if (!closed) return give_back(std::move(closed.error()));
  return {};
}

Error Capture::give_back(Error cause) {
  sink_.discard();
  captured_ = durable_;
  Status rebuilt = view_.rebuild(captured_.frame, captured_.page_size);
  return rebuilt ? std::move(cause) : std::move(rebuilt.error());
}

Error Capture::live_break(const std::string& what) {
  ++stats_.live_breaks;
  sink_.discard();
  return make_error(Code::kInternal, "capture of " + session_->path() + " broke: " + what,
                    "something bypasses SQLite's locks on this database; the changed pages are "
                    "compared and sent");
}

}  // namespace streamd::sqlite
