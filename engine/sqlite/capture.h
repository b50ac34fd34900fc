// Reads every committed transaction of a live database out of its write-ahead log, without the
// application noticing, and hands the log back to SQLite when what it held is safe. The protocol,
// its proofs and its pitfalls are in docs/wal-capture.md; the steps there are the functions here.
//
// States. Pinned: a read transaction of ours on slot 1..4 keeps the log from being restarted.
// Zero: the log is fully backfilled and we hold read slot 0, so the next commit may restart it and
// nothing can be lost. One thread at a time; a step takes milliseconds unless a huge commit waits.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
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
  // (0: after what was captured before) and are first seen now.
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
  std::uint32_t reset_frames = 1000;  // try to hand the log back from here on
  // Or when nothing was committed for so long, and the log has a quarter of that.
  milliseconds idle{200};
  // Or when nothing was committed for so long, and nobody else has the database open. Later than
  // what other databases have to do in the meantime.
  milliseconds alone{500};
  // Or when nothing was committed for so long, however small it is: the next commit pays for a new
  // log with a sync of its header, which is not to be asked of who commits once a second.
  milliseconds quiet{5000};
  // After so long without a commit, and until the first one, all is closed but what holds the log.
  milliseconds rest{5000};
  std::uint64_t soft_limit_bytes = 256 * kMiB;  // above: take the write lock for a moment
  bool allow_forced_reset = true;
  bool set_wal = false;  // a database in another journal mode is put into WAL mode
};

// Upper bounds of how long the write lock was held; the last bucket has none.
constexpr std::array<milliseconds, 7> kWriteLockBounds{
    milliseconds(1),  milliseconds(2),  milliseconds(5),  milliseconds(10),
    milliseconds(25), milliseconds(50), milliseconds(100)};

struct CaptureStats {
  std::uint64_t frames = 0, commits = 0;
  std::uint64_t optimistic_tries = 0, optimistic_resets = 0;
  std::uint64_t forced_tries = 0, forced_resets = 0;
  std::uint64_t hops = 0, waiter_hops = 0, barrier_waits = 0;
  std::uint64_t live_breaks = 0;    // must stay 0: somebody bypassed SQLite's locks
  std::uint64_t broken_chains = 0;  // wrong checksums that SQLite wrote, captured all the same
  std::uint64_t damaged_index = 0;  // nBackfill beyond mxFrame: the live database is damaged
  // Of forced resets, the only ones that take the application's write lock.
  Micros longest_write_lock = 0, total_write_lock = 0;
  std::array<std::uint64_t, kWriteLockBounds.size() + 1> write_locks{};  // by how long it was held

  CaptureStats& operator+=(const CaptureStats& other);
};

// Who keeps the log from being handed back, besides us.
struct LogKeeper {
  enum class What : std::uint8_t { kNobody, kReader, kTransaction } what = What::kNobody;
  pid_t pid = 0;  // 0 = unknown, or nobody
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
  // `left`: what leave() returned when `last` was captured.
  static Result<std::unique_ptr<Capture>> attach(const std::string& path, const wal::Position& last,
                                                 CaptureSink& sink, const CapturePolicy& policy,
                                                 const Clock& clock,
                                                 const std::optional<FileIdentity>& left = {});

  ~Capture();  // lets go of the database; nothing is handed over

  // Lets go, and when nobody else has the database open leaves the database file alone behind, with
  // all that was captured in it: how it was left. nullopt when the log had to stay. After this the
  // object is good for nothing but its end.
  Result<std::optional<FileIdentity>> leave();

  Continuity continuity() const { return continuity_; }
  Status settle();

  // One turn of the main loop; true when something was captured or handed over. kInternal = a live
  // break: drop this object and attach again.
  Result<bool> step();
  // Captures what is committed now and hands nothing over: before a clean stop, or for a barrier.
  Status catch_up();
  // At rest: the log has something that is not captured, so that the next step opens it all again.
  Result<bool> must_wake();
  // Whether others need what this one has open: then it comes to rest after the shortest pause.
  void make_room(bool wanted) { make_room_ = wanted; }

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
  // kInternal when somebody wrote the database file past SQLite (a copy over it keeps the inode),
  // which only shows in Zero. From then on overwritten(): no position in the log tells any more
  // what the file holds, so the next attach must not continue from one.
  Status require_untouched();
  // While the log is pinned: true when the file was written to since the last call and no
  // checkpoint shows that it was SQLite. One that failed looks the same, so that the pages must be
  // looked at.
  Result<bool> may_be_overwritten();
  // They were, and differ: kInternal, and from now on overwritten(), as above. (A control build,
  // see mistake.h, goes on: its damage is for the tests' oracle to find.)
  Status contradicted();
  bool overwritten() const { return overwritten_; }
  Result<FileIdentity> file_identity() const { return session_->file_identity(); }
  bool handed_over() const { return state_ == State::kZero; }
  bool resting() const { return session_->resting(); }
  // Somebody waits for us, or we for a checkpointer: look again within a millisecond.
  bool waiter_present() const { return waiter_since_ != MonoTime{} || zero_kept_; }
  std::uint64_t log_bytes() const {
    return wal::frame_offset(captured_.frame + 1, captured_.page_size);
  }
  const CaptureStats& stats() const { return stats_; }

  // limits.cpp
  // Why SQLite could not copy the log into the database when it was asked last. Nothing is lost and
  // the capture goes on; the log stays until it works again.
  const std::optional<Error>& trouble() const { return trouble_; }
  // Bytes of the log that are committed and not durable yet: what our lock keeps for our own sake.
  Result<std::uint64_t> held_bytes();
  // Another process's reader or open transaction that is as old as our pin: without us the log
  // would stay as well.
  LogKeeper other_keeper() const;
  // Who has written more than `bytes` into the log and not committed yet.
  Result<LogKeeper> large_transaction(std::uint64_t bytes) const;
  // Gives up all locks on purpose, so that the application can restart or remove its log. What was
  // captured and is not durable is lost to the capture. Only to be destroyed afterwards.
  void let_go();

 private:
  enum class State : std::uint8_t { kAttaching, kPinned, kZero };
  Capture(std::unique_ptr<Session> session, CaptureSink& sink, const CapturePolicy& policy,
          const Clock& clock);

  // attach.cpp
  Status pin_and_continue(const wal::Position& last, const std::optional<FileIdentity>& left);
  Status continue_from(const wal::Position& last, const std::optional<FileIdentity>& left);
  Result<bool> same_log(const wal::Position& last) const;
  Result<bool> restarted_once(const wal::Position& last) const;
  Result<bool> holds_every_commit_since(const wal::Position& last) const;
  Result<bool> holds_every_commit_since_left(const wal::Position& last,
                                             const FileIdentity& left) const;
  Status continue_from_left();
  Status capture_snapshot();
  Status start_at_snapshot();
  Result<bool> settle_pinned();

  // capture.cpp
  Result<wal::IndexHeader> look();
  bool shows_nothing_new(const wal::IndexHeader& header) const;
  Status capture_to(const wal::IndexHeader& header);
  Status deliver(std::uint32_t last_frame);
  Status deliver_frame(wal::Position& position, const std::uint8_t* frame);
  void note_broken_chain(std::uint32_t frame);
  Result<bool> step_pinned();
  Result<bool> step_zero();
  Status stay_in_zero();
  Status begin_log(const wal::IndexHeader& header);
  Status close_run();
  Error give_back(Error cause);
  static constexpr const char* kBypassed =
      "something bypasses SQLite's locks on this database; the changed pages are compared and sent";
  static constexpr const char* kCompared = "the changed pages are compared and sent";
  Error live_break(const std::string& what, const char* hint = kBypassed);

  Error overwritten(const std::string& what);  // untouched.cpp

  // pin.cpp
  Result<bool> begin_exact(Connection& reader, wal::IndexHeader& header);
  Result<bool> certainly_pinned(const wal::IndexHeader& header);
  Result<bool> hop();
  bool lock_zero(const wal::IndexHeader& header);
  Result<bool> enter_zero();
  void release_zero(const wal::IndexHeader& header, MonoTime now);
  std::optional<IndexLock> lock_other_slot(std::uint32_t last_frame);
  Result<bool> step_aside(const wal::IndexHeader& header);

  // reset.cpp
  bool reset_is_due(MonoTime now) const;
  bool pause_is_for_reset(MonoTime now) const;
  bool backfill();
  Result<bool> try_reset(MonoTime now);
  Result<bool> optimistic_reset();
  Result<bool> forced_reset();
  Result<bool> take_write_lock();
  Result<bool> reset_under_write_lock();
  bool checkpoint_holds_writers() const;
  bool checkpoint_waits(const wal::IndexHeader& header, MonoTime now, milliseconds patience);
  Result<bool> serve_waiter(const wal::IndexHeader& header, MonoTime now);

  std::unique_ptr<Session> session_;
  CaptureSink& sink_;
  const CapturePolicy policy_;
  const Clock& clock_;
  LogView view_;
  State state_ = State::kAttaching;
  Continuity continuity_ = Continuity::kBroken;
  wal::Position captured_, durable_;
  wal::IndexHeader pin_;    // the snapshot of the current pin
  int pin_reader_ = 0;      // which of the two readers holds it
  bool zero_kept_ = false;  // pinned, but slot 0 is not released yet
  // The log must go: SQLite's recovery would drop committed frames of it, or, once they are in the
  // database file, put older pages back over them.
  bool broken_chain_ = false;
  bool make_room_ = false;
  bool overwritten_ = false;
  struct FileLook {
    wal::Salts salts;
    std::uint32_t backfilled = 0;
    FileIdentity file;
  };
  std::optional<FileLook> file_look_;  // the last one of may_be_overwritten()

  // Wall clock before the newest look that showed nothing new; 0 = none yet.
  Micros not_before_ = 0;
  Micros look_began_ = 0, seen_ = 0;

  std::optional<Error> trouble_;
  MonoTime last_commit_, last_try_{}, last_forced_{};
  std::uint32_t tried_at_frame_ = 0, failed_tries_ = 0;
  std::uint32_t waiter_frame_ = 0;
  MonoTime waiter_since_{};
  CaptureStats stats_;
};

}  // namespace streamd::sqlite
