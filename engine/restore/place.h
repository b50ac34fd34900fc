// The place that a restored file takes: what exists there, the lock beside it, the way into it.
// Shared by all that restore (our own replicas, Litestream's).
#pragma once
#include <string>
#include <vector>

#include "base/file.h"
#include "restore/scratch.h"
#include "restore/swap.h"
#include "sqlite/check.h"
#include "state/layout.h"

namespace streamd::restore {

struct RestoreOptions;

class Place {
 public:
  // Of options.out, or of what it leads to as a symbolic link; borrows the options. Touches
  // nothing. kNotFound: its folder is not there; kUsage: it is a folder; kPermission: it is a link
  // that leads to nothing, and neither root's nor ours.
  static Result<Place> find(const RestoreOptions& options);

  const std::string& target() const { return target_; }  // canonical
  // Before anything is fetched: the lock, and the rest of a swap that a killed run had begun.
  // False: the target exists, and that is fine. kTargetExists, kBusy (another restore, or the
  // daemon).
  Result<bool> begin();
  bool completed_earlier() const { return completed_earlier_; }

  struct Owner {
    std::uint32_t uid = 0, gid = 0, mode = 0;  // mode 0 = leave it
  };
  // Those of the file that is there; without one, of who runs this.
  Owner owner() const { return owner_; }
  // Checks the complete file as asked, gives it to its owner, makes it durable. kCorrupt,
  // kCancelled. `fetched` bytes are shown meanwhile.
  Status finish(Scratch& scratch, sqlite::Check check, const Owner& owner, std::uint64_t fetched);
  struct NewState {
    std::string prepared, path;  // what goes into its place too; "" = nothing
  };
  // The swap (swap.h). Returns what was moved away, by its new names.
  Result<std::vector<std::string>> take(Scratch& scratch, const NewState& state);

 private:
  Place(const RestoreOptions& options, std::string target)
      : options_(&options), target_(std::move(target)) {}
  Result<bool> allowed() const;  // false: it exists and that is fine
  Result<bool> nothing_to_do() const;
  Status lock();

  const RestoreOptions* options_;
  std::string target_;
  state::BriefLock lock_;  // closed: nobody has ever followed the target
  Owner owner_;
  bool completed_earlier_ = false;
};

}  // namespace streamd::restore
