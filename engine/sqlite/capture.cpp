#include "sqlite/capture.h"

#include <algorithm>

#include "base/log.h"

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
      last_commit_(clock.mono()) {}

// SQLite forgets its count of a lock that a closing connection still holds, so it is given back.
Capture::~Capture() {
  if (state_ == State::kZero || zero_kept_)
    session_->lock_holder().unlock_shared(IndexLock::kRead0);
  if (broken_chain_) session_->merge_when_last();
}

CaptureStats& CaptureStats::operator+=(const CaptureStats& other) {
  frames += other.frames;
  commits += other.commits;
  optimistic_tries += other.optimistic_tries;
  optimistic_resets += other.optimistic_resets;
  forced_tries += other.forced_tries;
  forced_resets += other.forced_resets;
  hops += other.hops;
  waiter_hops += other.waiter_hops;
  barrier_waits += other.barrier_waits;
  live_breaks += other.live_breaks;
  broken_chains += other.broken_chains;
  damaged_index += other.damaged_index;
  longest_write_lock = std::max(longest_write_lock, other.longest_write_lock);
  total_write_lock += other.total_write_lock;
  for (std::size_t i = 0; i < write_locks.size(); ++i) write_locks[i] += other.write_locks[i];
  return *this;
}

Result<std::optional<FileIdentity>> Capture::leave() {
  TRY(require_untouched());
  if (session_->open_elsewhere()) return std::optional<FileIdentity>{};
  TRY(catch_up());
  if (broken_chain_) return std::optional<FileIdentity>{};  // our end merges such a log
  if (state_ != State::kZero && !TRY(optimistic_reset())) return std::optional<FileIdentity>{};
  session_->lock_holder().unlock_shared(IndexLock::kRead0);
  state_ = State::kAttaching;
  return session_->close_as_last(captured_);
}

Result<wal::IndexHeader> Capture::look() {
  look_began_ = clock_.wall_micros();
  const wal::IndexHeader header = TRY(session_->header());
  seen_ = clock_.wall_micros();
  if (shows_nothing_new(header)) not_before_ = look_began_;
  return header;
}

bool Capture::shows_nothing_new(const wal::IndexHeader& header) const {
  return header.salts == captured_.salts ? header.last_frame == captured_.frame
                                         : header.last_frame == 0;
}

Result<bool> Capture::must_wake() {
  return session_->resting() && !shows_nothing_new(TRY(look()));
}

Result<bool> Capture::step() {
  if (state_ != State::kZero) return step_pinned();
  const bool moved = TRY(step_zero());
  if (!moved) TRY(stay_in_zero());
  return moved;
}

Result<bool> Capture::step_pinned() {
  const wal::IndexHeader header = TRY(look());
  if (header.salts != pin_.salts) return live_break("the log was restarted under a read lock");
  const bool captured = header.last_frame != captured_.frame;
  if (captured) TRY(capture_to(header));
  if (session_->backfilled() > header.last_frame &&
      TRY(session_->header()).last_frame == header.last_frame)
    ++stats_.damaged_index;
  const MonoTime now = clock_.mono();
  if (zero_kept_) {
    release_zero(header, now);
    return captured;
  }
  if (TRY(serve_waiter(header, now))) return true;
  if (reset_is_due(now) && TRY(try_reset(now))) return true;
  return captured;
}

// Step 7: frames after a hand-over belong to the same log (a foreign reader kept it from being
// restarted) or to the one new log; none can be lost while slot 0 is held.
Result<bool> Capture::step_zero() {
  if (shows_nothing_new(TRY(look()))) return false;
  TRY(require_untouched());
  TRY(session_->wake());
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
  state_ = State::kPinned;
  pin_ = header;
  release_zero(header, clock_.mono());
  failed_tries_ = tried_at_frame_ = 0;
  if (!captured) return std::move(captured.error());
  return true;
}

// There is nothing to capture.
Status Capture::stay_in_zero() {
  if (session_->resting()) return {};
  if (broken_chain_) {
    if (TRY(session_->writer().truncate_log())) broken_chain_ = false;
    return {};
  }
  const milliseconds pause = make_room_ ? policy_.idle : policy_.rest;
  const bool quiet = stats_.commits == 0 || clock_.mono() - last_commit_ >= pause;
  return quiet ? session_->rest() : Status{};
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
  broken_chain_ = false;
  view_.forget();
  return {};
}

Status Capture::capture_to(const wal::IndexHeader& header) {
  if (header.salts != captured_.salts || header.last_frame < captured_.frame)
    return live_break("the wal-index went back behind what was captured");
  if (header.last_frame == captured_.frame) return {};
  if (captured_.frame == 0)
    TRY(begin_log(header));  // an emptied log gets its header with its first frame
  sink_.looked(not_before_, seen_);
  if (Status delivered = deliver(header.last_frame); !delivered) {
    if (delivered.error().code == Code::kInternal) return live_break(delivered.error().message);
    return give_back(std::move(delivered.error()));
  }
  if (captured_.frame != header.last_frame)
    return live_break("the last frame of the log is no commit");
  if (captured_.chain != header.frame_chain)
    return live_break("the log's checksum differs from the wal-index's");
  captured_.change = header.change;  // it begins again at 0 when SQLite recovers the index
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
  if (!wal::accept_frame(position, frame)) {
    if (!wal::accept_broken_frame(position, frame))
      return not_continuous(number, "it belongs to another log");
    // What may be overwritten while it is read can be torn: only under a lock is it SQLite's bug.
    // The log goes all the same, in case it is.
    if (state_ == State::kAttaching) {
      broken_chain_ = true;
      return not_continuous(number, "its checksum is wrong");
    }
    note_broken_chain(number);
  }
  const wal::FrameHeader header = wal::parse_frame_header(frame);
  view_.note(header.page, number);
  ++stats_.frames;
  TRY(sink_.page(*this, header.page, ByteView(frame + wal::kFrameHeaderSize, position.page_size)));
  if (!header.is_commit()) return {};
  captured_ = position;
  ++stats_.commits;
  return sink_.commit(*this);
}

// The frame is committed: the wal-index says so, our lock protects it, and the chain from here to
// the last frame must still end in the wal-index's checksum. See wal::accept_broken_frame.
void Capture::note_broken_chain(std::uint32_t frame) {
  if (stats_.broken_chains == 0)
    log_warn(
        "SQLite left wrong checksums in the log (a bug of SQLite: a savepoint was rolled back); "
        "nothing is lost, and the log is merged before its recovery could lose it",
        {{"database", session_->path()}, {"frame", frame}});
  broken_chain_ = true;
  ++stats_.broken_chains;
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

Error Capture::live_break(const std::string& what, const char* hint) {
  ++stats_.live_breaks;
  sink_.discard();
  return make_error(Code::kInternal, "capture of " + session_->path() + " broke: " + what, hint);
}

}  // namespace streamd::sqlite
