// When the log must not grow any more. What our pin keeps and the spool cannot take fills the
// application's disk: from wal-hard-limit on, or when that disk is nearly full, the pin is given up
// on purpose. The application goes on as if we were not there; what it commits then becomes one
// delta.
#include <algorithm>

#include "base/log.h"
#include "replicate/pipeline.h"

namespace streamd::replicate {
namespace {

constexpr std::uint64_t kRoom = 4 * kMiB;  // of the application's disk, that we leave alone
constexpr std::uint64_t kRoomShare = 64;   // on a small disk: one part of so many
constexpr milliseconds kKeeperCheck{1000}, kFirstTryAgain{1000};

std::uint64_t room_on(const DiskSpace& disk) {
  return std::min(kRoom, disk.total / kRoomShare);
}

std::string in_mib(std::uint64_t bytes) {
  return std::to_string((bytes + kMiB - 1) / kMiB) + " MiB";
}

}  // namespace

// On the application's own disk the spool may not take the last room.
void Pipeline::leave_room_for_the_application() {
  const auto ours = stat_path(layout_.folder), database = stat_path(layout_.database);
  if (!ours || !*ours || !database || !*database || (*ours)->st_dev != (*database)->st_dev) return;
  if (const auto disk = disk_space(layout_.folder)) spool_->leave_free(room_on(*disk));
}

// Asked when the log could not be made durable.
Result<bool> Pipeline::log_must_go() {
  if (settings_.log_hard_limit == 0) return false;
  const std::uint64_t held = TRY(capture_->held_bytes());
  const DiskSpace disk = TRY(disk_space(layout_.database));
  if (held == 0) return false;
  if (held <= settings_.log_hard_limit && disk.available > held + room_on(disk)) return false;
  const sqlite::LogKeeper other = capture_->other_keeper();
  if (other.what == sqlite::LogKeeper::What::kNobody) return true;
  say_keeper(held, other);
  return false;
}

void Pipeline::let_go(const Error& cause) {
  const std::uint64_t held = capture_->held_bytes().value_or(0);
  Error why = make_error(
      cause.code,
      "the log of " + path() + " was let go: " + in_mib(held) +
          " of it could not be kept here, and the application needs its disk (" + cause.message +
          ")",
      "free space on the disk of " + layout_.folder +
          " (or set state-dir); the changed pages are then compared and sent as one transaction, "
          "and until then what is committed is not replicated");
  tip_ = recorder_->tip();
  tip_.position = capture_->durable_position();  // of a log that began after the newest object, too
  capture_->let_go();
  detach();
  phase_ = Phase::kAttaching;
  attach_delay_ = kFirstTryAgain;
  let_go_ = why;
  log_error_event(
      LogLevel::kError, "database is not followed", why,
      {{"database", path()}, {"wal-held", held}, {"wal-hard-limit", settings_.log_hard_limit}});
  const std::lock_guard lock(mutex_);
  if (!status_.error) told_.clear();
  told_.insert(why.message);
  status_.error = std::move(why);
}

// What was acknowledged meanwhile makes room.
Status Pipeline::can_hold_again() {
  TRY(collect_garbage(clock_.mono()));
  if (spool_->probe()) return {};
  return *let_go_;
}

// The log is larger than it should ever be, and it is not for us to make it smaller.
void Pipeline::say_who_keeps_the_log(MonoTime now) {
  const std::uint64_t limit = settings_.log_hard_limit;
  if (limit == 0 || capture_->handed_over() || now - last_keeper_check_ < kKeeperCheck) return;
  last_keeper_check_ = now;
  const std::uint64_t bytes = capture_->log_bytes();
  const bool large = bytes > limit;
  const Result<sqlite::LogKeeper> keeper =
      large ? capture_->other_keeper() : capture_->large_transaction(limit);
  if (!keeper) return;
  const bool nobody = keeper->what == sqlite::LogKeeper::What::kNobody;
  if (!large && nobody)
    keeper_said_ = false;
  else if (!nobody || !settings_.capture.allow_forced_reset)
    say_keeper(bytes, *keeper);
}

void Pipeline::say_keeper(std::uint64_t bytes, const sqlite::LogKeeper& keeper) {
  if (keeper_said_) return;
  keeper_said_ = true;
  const char *who = "writers that never pause", *hint = "set wal-force-reset = true";
  if (keeper.what == sqlite::LogKeeper::What::kReader) {
    who = "a reader of another process";
    hint = "end that process's read transaction";
  } else if (keeper.what == sqlite::LogKeeper::What::kTransaction) {
    who = "an open transaction of another process";
    hint = "end that process's transaction";
  }
  log_warn("the log is larger than wal-hard-limit, and not because of streamd alone",
           {{"database", path()},
            {"kept-by", who},
            {"pid", keeper.pid},
            {"wal", bytes},
            {"hint", hint}});
}

}  // namespace streamd::replicate
