// Reads every committed transaction of a live database out of its write-ahead log, without the
// application noticing, and hands the log back to SQLite when what it held is safe. The protocol,
// its proofs and its pitfalls are in docs/wal-capture.md; the steps there are the functions here.
//
// States. Pinned: a read transaction of ours on slot 1..4 keeps the log from being restarted.
// Zero: the log is fully backfilled and we hold read slot 0, so the next commit may restart it and
// nothing can be lost. One thread at a time; a step takes milliseconds unless a huge commit waits.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "sqlite/log_view.h"
#include "sqlite/session.h"
#include "wal/chain.h"

namespace streamd::sqlite {

class Capture;

// Receives what is captured. An error from any of these gives the frames back: discard() is called
// and capture returns to the last durable position.
class CaptureSink {
 public:
  virtual ~CaptureSink() = default;
  // A look at the wal-index saw new commits: all until the next call were made after `not_before`
  // and are first seen now.
  virtual void looked(Micros not_before, Micros seen) = 0;
  // A page of a committed transaction. The image is borrowed for the call.
  virtual Status page(Capture& capture, PageNo page, ByteView image) = 0;
  // The transaction of the pages since the last commit is complete; capture.position() is after it.
  virtual Status commit(Capture& capture) = 0;
  // The pages' images before the open run become unreadable after this: compress it now.
  virtual Status close_run(Capture& capture) = 0;
  // Everything captured so far must be durable when this returns: the log may go afterwards.
  virtual Status make_durable(Capture& capture) = 0;
  // Forget everything that is not durable; it will be delivered again.
  virtual void discard() = 0;
};

struct CapturePolicy {
  std::uint32_t reset_frames = 1000;            // try to hand the log back from here on
  milliseconds idle{200};                       // or when nothing was committed for so long
  std::uint64_t soft_limit_bytes = 256 * kMiB;  // above: take the write lock for a moment
  bool allow_forced_reset = true;
};

struct CaptureStats {
  std::uint64_t frames = 0, commits = 0;
  std::uint64_t optimistic_tries = 0, optimistic_resets = 0;
  std::uint64_t forced_tries = 0, forced_resets = 0;
  std::uint64_t hops = 0, waiter_hops = 0, barrier_waits = 0, barrier_timeouts = 0;
  std::uint64_t live_breaks = 0;    // must stay 0: somebody bypassed SQLite's locks
  std::uint64_t damaged_index = 0;  // nBackfill beyond mxFrame: the live database is damaged
  Micros longest_write_lock = 0;    // of a forced reset
};

enum class Continuity : std::uint8_t {
  kSameLog,     // the log goes on where we stopped
  kOneRestart,  // it was restarted once, after everything in it had been captured
  kBroken,      // the pages must be compared, or there was nothing to continue
};

class Capture {
 public:
  // Opens the database and decides whether its log continues `last`; frames that do are delivered
  // at once. After kBroken, position() is a snapshot that is pinned: read or compare its pages, say
  // durable_up_to_here(), then settle(). After the other two, settle() at once.
  static Result<std::unique_ptr<Capture>> attach(const std::string& path, const wal::Position& last,
                                                 CaptureSink& sink, const CapturePolicy& policy,
                                                 const Clock& clock);

  ~Capture();  // lets go of the database; nothing is handed over

  Continuity continuity() const { return continuity_; }
  Status settle();

  // One turn of the main loop; true when something was captured or handed over. kInternal = a live
  // break: drop this object and attach again.
  Result<bool> step();
  // Captures what is committed now and hands nothing over: before a clean stop, or for a barrier.
  Status catch_up();

  // Makes durable what is captured. On failure it is given back and captured again later.
  Status make_durable();

  // As of the last captured commit. Pages are exact between steps, in every state.
  const wal::Position& position() const { return captured_; }
  Status read_page(PageNo page, MutableBytes out) const { return view_.read_now(page, out); }
  // The page before the open run; exact only inside the sink's calls.
  Status read_past_page(PageNo page, MutableBytes out) const { return view_.read_past(page, out); }
  void run_closed() { view_.close_run(); }             // the sink has compressed the open run
  void durable_up_to_here() { durable_ = captured_; }  // the sink has sealed and synced
  const wal::Position& durable_position() const { return durable_; }

  Result<bool> replaced() const { return session_->replaced(); }
  bool handed_over() const { return state_ == State::kZero; }
  bool waiter_present() const {
    return waiter_since_ != MonoTime{};
  }  // look again within a millisecond
  std::uint64_t log_bytes() const {
    return wal::frame_offset(captured_.frame + 1, captured_.page_size);
  }
  const CaptureStats& stats() const { return stats_; }

 private:
  enum class State : std::uint8_t { kAttaching, kPinned, kZero };
  Capture(std::unique_ptr<Session> session, CaptureSink& sink, const CapturePolicy& policy,
          const Clock& clock);

  // attach.cpp
  Status pin_and_continue(const wal::Position& last);
  Status continue_from(const wal::Position& last);
  Result<bool> same_log(const wal::Position& last) const;
  Result<bool> restarted_once(const wal::Position& last) const;
  Status start_at_snapshot();
  Result<bool> settle_pinned();

  // capture.cpp
  Result<wal::IndexHeader> look();
  Status capture_to(const wal::IndexHeader& header);
  Status deliver(std::uint32_t last_frame);
  Status deliver_frame(wal::Position& position, const std::uint8_t* frame);
  Result<bool> step_pinned();
  Result<bool> step_zero();
  Status begin_log(const wal::IndexHeader& header);
  Status close_run();
  Error give_back(Error cause);
  Error live_break(const std::string& what);

  // pin.cpp
  Result<bool> begin_exact(Connection& reader, wal::IndexHeader& header);
  Result<bool> certainly_pinned(const wal::IndexHeader& header);
  Result<bool> hop();
  bool lock_zero(const wal::IndexHeader& header);
  Result<bool> enter_zero();
  void checkpoint_barrier();

  // reset.cpp
  bool reset_is_due(MonoTime now) const;
  Result<bool> try_reset(MonoTime now);
  Result<bool> optimistic_reset();
  Result<bool> forced_reset();
  Result<bool> take_write_lock();
  Result<bool> reset_under_write_lock();
  Result<bool> serve_waiter(const wal::IndexHeader& header, MonoTime now);

  std::unique_ptr<Session> session_;
  CaptureSink& sink_;
  const CapturePolicy policy_;
  const Clock& clock_;
  LogView view_;
  State state_ = State::kAttaching;
  Continuity continuity_ = Continuity::kBroken;
  wal::Position captured_, durable_;
  wal::IndexHeader pin_;  // the snapshot of the current pin
  int pin_reader_ = 0;    // which of the two readers holds it

  Micros not_before_ = 0;  // wall clock before the newest look that showed nothing new
  Micros look_began_ = 0, seen_ = 0;

  MonoTime last_commit_, last_try_{}, last_forced_{};
  std::uint32_t tried_at_frame_ = 0, failed_tries_ = 0;
  std::uint32_t waiter_frame_ = 0;
  MonoTime waiter_since_{};
  CaptureStats stats_;
};

}  // namespace streamd::sqlite
