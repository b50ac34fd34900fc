// Attaching: does the log that is there continue the one that was captured?
#include <thread>

#include "sqlite/capture.h"
#include "sqlite/mistake.h"

namespace streamd::sqlite {
namespace {

constexpr int kSettleAttempts = 2000;

Result<std::uint32_t> page_size_of(Connection& connection) {
  std::uint8_t header[18];
  TRY(connection.read_database(0, header));
  const std::uint32_t coded = static_cast<std::uint32_t>(header[16]) << 8 | header[17];
  const std::uint32_t page_size = coded == 1 ? 65536 : coded;
  if (!valid_page_size(page_size))
    return make_error(Code::kCorrupt, "attach: the database header is damaged");
  return page_size;
}

}  // namespace

Result<std::unique_ptr<Capture>> Capture::attach(const std::string& path, const wal::Position& last,
                                                 CaptureSink& sink, const CapturePolicy& policy,
                                                 const Clock& clock,
                                                 const std::optional<FileIdentity>& left) {
  // First the session: a return from inside a new expression leaks what it has allocated.
  auto session = TRY(Session::open(path, policy.set_wal));
  std::unique_ptr<Capture> capture(new Capture(std::move(session), sink, policy, clock));
  TRY(capture->pin_and_continue(last, left));
  return capture;
}

Status Capture::pin_and_continue(const wal::Position& last,
                                 const std::optional<FileIdentity>& left) {
  if (!TRY(begin_exact(session_->reader(0), pin_)))
    return make_error(Code::kBusy,
                      "attach " + session_->path() + ": no quiet moment to begin reading");
  if (last.known()) {
    Status continued = continue_from(last, left);
    if (!continued && continued.error().code != Code::kInternal) return continued;
    if (!continued) {  // the log was overwritten while we read it: slot 0 does not protect it
      continuity_ = Continuity::kBroken;
      stats_ = {};
    }
  }
  if (continuity_ == Continuity::kBroken) return start_at_snapshot();
  return {};
}

Status Capture::continue_from(const wal::Position& last, const std::optional<FileIdentity>& left) {
  const bool same_file = last.database_inode == session_->inodes().database;
  if (!same_file || (pin_.last_frame != 0 && pin_.page_size() != last.page_size)) return {};
  captured_ = durable_ = last;
  if (TRY(same_log(last))) {
    TRY(view_.rebuild(last.frame, last.page_size));
    TRY(capture_snapshot());
    continuity_ = Continuity::kSameLog;
  } else if (TRY(restarted_once(last))) {
    TRY(begin_log(pin_));
    TRY(capture_snapshot());
    continuity_ = Continuity::kOneRestart;
  } else if (left && TRY(holds_every_commit_since_left(last, *left))) {
    TRY(continue_from_left());
  }
  return {};
}

// The file is as it was left without a log, so whatever happened since is in the log that is there
// now. It is the first since then (its number is 0): to be restarted it would have had to be copied
// into the file first. And the index has counted no commit that it does not hold.
Result<bool> Capture::holds_every_commit_since_left(const wal::Position& last,
                                                    const FileIdentity& left) const {
  if (TRY(session_->file_identity()) != left) return false;
  if (pin_.last_frame == 0) return pin_.change == 0;
  std::uint8_t raw[wal::kLogHeaderSize];
  if (TRY(session_->log().read_some_at(0, raw)) != sizeof raw) return false;
  const auto log = wal::parse_log_header(raw);
  if (!log || log->salts != pin_.salts || log->checkpoint_seq != 0) return false;
  wal::Position none = last;
  none.change = 0;
  return holds_every_commit_since(none);
}

Status Capture::continue_from_left() {
  captured_.salts = pin_.salts;
  captured_.frame = 0;
  captured_.chain = {};
  captured_.change = 0;
  durable_ = captured_;
  TRY(capture_snapshot());
  continuity_ = pin_.last_frame == 0 ? Continuity::kSameLog : Continuity::kOneRestart;
  return {};
}

// Slot 0 does not protect what is read here. Whoever restarts the log says so in the index before
// the first frame is overwritten: while its salts are the same, so is what was read.
Status Capture::capture_snapshot() {
  const bool reads = captured_.frame != pin_.last_frame;
  TRY(capture_to(pin_));
  if (!reads || TRY(session_->header()).salts == pin_.salts) return {};
  return live_break("the log was restarted while it was read");
}

// Section 4a. Salts of (0,0) are what every empty recovered index shows: never an identity.
Result<bool> Capture::same_log(const wal::Position& last) const {
  if (last.salts.none() && !mistake::kZeroSaltIdentity) return false;
  if (last.salts != pin_.salts || last.frame > pin_.last_frame) return false;
  if (pin_.last_frame == 0) return true;
  std::uint8_t raw[wal::kLogHeaderSize];
  if (TRY(session_->log().read_some_at(0, raw)) != sizeof raw) return false;
  const auto log = wal::parse_log_header(raw);
  if (!log || log->salts != last.salts) return false;
  if (last.frame == 0) return true;
  std::uint8_t frame[wal::kFrameHeaderSize];
  if (TRY(session_->log().read_some_at(wal::frame_offset(last.frame, last.page_size), frame)) !=
      sizeof frame)
    return false;
  const wal::FrameHeader header = wal::parse_frame_header(frame);
  return header.salts == last.salts && header.chain == last.chain;
}

// Section 4b: the log was restarted exactly once. Had the old log ever got a frame after ours, it
// would still stand behind ours, with that log's salts (its checksum proves nothing, see
// accept_broken_frame). Writers fill the log upwards, so that slot is read BEFORE frame c:
// frame c intact afterwards proves that the slot was not yet overwritten when it was read.
Result<bool> Capture::restarted_once(const wal::Position& last) const {
  if (last.frame == 0 || pin_.last_frame == 0 || pin_.last_frame >= last.frame) return false;
  if (pin_.salts.first() != last.salts.first() + 1) return false;
  Bytes frame(wal::kFrameHeaderSize + last.page_size);
  const std::size_t got =
      TRY(session_->log().read_some_at(wal::frame_offset(last.frame + 1, last.page_size), frame));
  wal::Position beyond = last;
  if (got == frame.size() ? wal::accept_broken_frame(beyond, frame.data()) : got != 0) return false;
  const MutableBytes header_bytes(frame.data(), wal::kFrameHeaderSize);
  if (TRY(session_->log().read_some_at(wal::frame_offset(last.frame, last.page_size),
                                       header_bytes)) != header_bytes.size())
    return false;
  const wal::FrameHeader header = wal::parse_frame_header(frame.data());
  if (header.salts != last.salts || header.chain != last.chain) return false;
  return holds_every_commit_since(last);
}

// Nothing behind our last frame may also mean that a restart cut the file right there
// (journal_size_limit). The index counts every commit, over restarts: those of the new log must be
// all there were.
Result<bool> Capture::holds_every_commit_since(const wal::Position& last) const {
  std::uint32_t commits = 0;
  std::uint8_t raw[wal::kFrameHeaderSize];
  for (std::uint32_t frame = 1; frame <= pin_.last_frame; ++frame) {
    TRY(session_->log().read_at(wal::frame_offset(frame, last.page_size), raw));
    commits += wal::parse_frame_header(raw).is_commit() ? 1 : 0;
  }
  return last.change + commits == pin_.change;
}

Status Capture::start_at_snapshot() {
  captured_ = {};
  captured_.database_inode = session_->inodes().database;
  captured_.salts = pin_.salts;
  captured_.frame = pin_.last_frame;
  captured_.chain = pin_.frame_chain;
  captured_.big_endian = pin_.big_endian != 0;
  captured_.change = pin_.change;
  captured_.page_size = TRY(page_size_of(session_->lock_holder()));
  captured_.pages = pin_.pages;
  if (captured_.pages == 0)
    captured_.pages = static_cast<std::uint32_t>(TRY(session_->lock_holder().database_size()) /
                                                 captured_.page_size);
  durable_ = {};
  not_before_ = look_began_;
  view_.forget();
  if (session_->backfilled() < pin_.last_frame)
    return view_.rebuild(pin_.last_frame, captured_.page_size);
  return {};  // all of it is in the database file, and the log may be overwritten meanwhile
}

// The slot of the attaching read transaction is unknown: slot 0 protects nothing. End in Zero if
// the log is fully backfilled, else pinned on a slot that is certain.
Status Capture::settle() {
  for (int attempt = 0; attempt < kSettleAttempts; ++attempt) {
    if (TRY(enter_zero())) return {};
    if (TRY(settle_pinned())) return {};
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return make_error(Code::kBusy, "attach " + session_->path() + ": the log did not settle");
}

Result<bool> Capture::settle_pinned() {
  Connection& next = session_->reader(pin_reader_ ^ 1);
  wal::IndexHeader header;
  if (!TRY(begin_exact(next, header))) return false;
  if (!TRY(certainly_pinned(header))) {
    next.end();
    return false;
  }
  state_ = State::kPinned;
  if (header.salts != captured_.salts) {  // only from slot 0: the old log was fully backfilled
    TRY(make_durable());
    TRY(begin_log(header));
  }
  TRY(capture_to(header));
  TRY(close_run());
  session_->reader(pin_reader_).end();
  pin_reader_ ^= 1;
  pin_ = header;
  return true;
}

}  // namespace streamd::sqlite
