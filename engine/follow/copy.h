// The copy: its pages, the moment they are of, and the way to a later one. Every step is one commit
// for SQLite's readers, and the state beside the copy is written before it.
//
// One thread.
#pragma once
#include <memory>
#include <string>

#include "follow/state.h"
#include "restore/advance.h"
#include "restore/rebuild.h"
#include "sqlite/log_writer.h"

namespace streamd::follow {

class Copy {
 public:
  // Reads the copy once and finds out by its checksum which of the state's moments it holds. From
  // then on the file is read-only for everybody else (mode). `cancel` may be null. kDiverged when
  // somebody has changed it; kBusy, kPermission, kNotWal, kCancelled.
  static Result<std::unique_ptr<Copy>> open(const std::string& path, const State& state,
                                            const Cancel* cancel);

  const Position& at() const { return state_.at; }
  const State& state() const { return state_; }

  // The segments of a plan that begins where the copy is, each a commit. Errors are those of
  // apply_segments, kBusy and kDiverged; the copy holds what was committed before.
  Status advance(storage::Store& store, const restore::Plan& plan,
                 const restore::AdvanceOptions& options);
  // All of another moment, which is in `file`: the pages that differ, as one commit. Returns how
  // many. kUnsupported when the page size is another one.
  Result<std::uint32_t> replace(const File& file, restore::Rebuilt rebuilt);
  // At the end: the log goes into the file, as far as readers let, and the state names one moment.
  Status finish();

 private:
  Copy(std::string path, const State& state, const Cancel* cancel);
  Status read_pages();  // their hashes, anew
  Status identify();
  Status commit(const Position& next);
  Status settle();
  Result<std::uint32_t> write_differences(const File& file, const restore::Rebuilt& rebuilt);

  std::string path_;
  State state_;
  const Cancel* cancel_;
  restore::Workers workers_;
  std::unique_ptr<sqlite::LogWriter> writer_;
  restore::PageHashes hashes_;
  bool known_ = false;  // the hashes are those of the pages
};

}  // namespace streamd::follow
