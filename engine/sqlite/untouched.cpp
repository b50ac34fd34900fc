// Was the database file written to past SQLite? A copy over it keeps the inode.
#include <utility>

#include "sqlite/capture.h"
#include "sqlite/mistake.h"

namespace streamd::sqlite {

// Backfilling takes slot 0 exclusively, and a checkpoint syncs the file before it says how far it
// came: so nobody has written the file since Zero was entered who did it through SQLite.
Status Capture::require_untouched() {
  if (state_ != State::kZero || !TRY(session_->file_changed())) return {};
  return overwritten("the database file was written to by something other than SQLite");
}

// A checkpoint holds its lock while it writes the file, and raises nBackfill before it lets go.
Result<bool> Capture::may_be_overwritten() {
  const std::optional<FileLook> before = std::exchange(file_look_, std::nullopt);
  if (state_ != State::kPinned) return false;
  FileLook now{pin_.salts, session_->backfilled(), {}};
  now.file = TRY(session_->file_identity());
  if (session_->foreign_holder(IndexLock::kCheckpoint)) return false;
  if (session_->backfilled() != now.backfilled) return false;
  file_look_ = now;
  if (!before || before->salts != now.salts || before->backfilled != now.backfilled) return false;
  return before->file.size != now.file.size || before->file.mtime_ns != now.file.mtime_ns;
}

Status Capture::contradicted() {
  if constexpr (mistake::kZeroSaltIdentity) return {};
  return overwritten("pages of the database file are not those that were captured");
}

Error Capture::overwritten(const std::string& what) {
  overwritten_ = true;
  return live_break(what);
}

}  // namespace streamd::sqlite
