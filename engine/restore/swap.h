// The moment in which a restored file takes its place. Whatever happens, the target is either as it
// was or the whole new database, or absent with a note beside it by which the next run completes
// the swap; never a new database with an old log, or the other way round.
//
//   <target>.streamd-restore   the file being restored, locked by who works on it
//   <target>.streamd-swap      the note: the file is complete, and what exists may be moved away
#pragma once
#include <string>
#include <vector>

#include "base/file.h"

namespace streamd::restore {

std::string temporary_path(const std::string& target);

// The target and what SQLite keeps beside it, as far as they exist.
Result<std::vector<std::string>> existing_files(const std::string& target);

struct SwapRequest {
  std::string target;
  std::string saved_suffix;    // ".before-restore-<time>": appended to what is moved away
  std::string state_folder;    // a folder or file that takes its place in the same swap; "" = none
  std::string state_prepared;  // the new one, complete and durable, on the same file system
};
// The temporary file must be complete and durable. What exists is moved away (to the suffix, with a
// number where that is taken); the caller has decided that it may be. After an error everything is
// as before, or, where even that fails, the note remains and complete_swap finishes the job.
// Returns what was moved away, by its new names.
Result<std::vector<std::string>> swap_into_place(const SwapRequest& request);

// Finishes what a killed run has begun. True when the target now is what that run had restored.
Result<bool> complete_swap(const std::string& target);

// A swap is under way: the temporary file must not be removed.
Result<bool> swap_pending(const std::string& target);

}  // namespace streamd::restore
