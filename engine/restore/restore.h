// Restores a database: lists, plans, fetches, writes, proves, and only then touches what exists.
// Start reading here.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "restore/choose.h"
#include "restore/rebuild.h"
#include "sqlite/check.h"
#include "state/layout.h"

namespace streamd::restore {

using sqlite::Check;

// A file that is put in place in the same swap as the database, and moved away with it.
struct Beside {
  std::string path;
  // Called when the database is complete: makes the file, durable, at `prepared`. An error leaves
  // everything as it was.
  std::function<Status(const std::string& prepared, const catalog::Marker&, const Rebuilt&)> make;
};

struct RestoreOptions {
  std::string out;  // the file to be restored
  Target target{};
  bool if_missing = false;         // an existing target is no error: nothing is done
  bool if_backup_exists = false;   // proof that there is no backup is no error: nothing is done
  bool force = false;              // what exists is moved away
  bool replace_leftovers = false;  // the same, if only the database itself is gone
  bool any_replica = false;    // be content without those that cannot be reached, or are damaged
  bool dry_run = false;        // plan only
  Check check = Check::kNone;  // SQLite's own, on top of the checksums
  FetchOptions fetch{};
  // The target is a database of the configuration: its local state is written too. The lock beside
  // the target is taken for the time of the restore unless the caller has it.
  std::optional<state::Layout> local_state{};
  bool lock_held = false;
  // Instead of a local state: what else takes its place with the file.
  std::optional<Beside> beside{};
  const Cancel* cancel = nullptr;  // may be null; what was begun is removed
  ProgressSink progress{};         // may be empty
  const Clock* clock = &system_clock();
};

enum class Outcome : std::uint8_t {
  kRestored,
  kPlanned,        // dry_run
  kTargetPresent,  // if_missing
  kNoBackup,       // if_backup_exists
};

struct RestoreReport {
  Outcome outcome = Outcome::kRestored;
  std::string replica;  // where from
  Plan plan;            // of the moment that was restored, or would be
  Micros seen = 0;      // when the restored transaction was first seen
  std::uint32_t page_size = 0, pages = 0;
  std::uint64_t fetched = 0;  // bytes
  milliseconds duration{0};
  Check checked = Check::kNone;
  std::vector<std::string> moved_away;  // new names of what existed
  bool completed_earlier = false;       // a swap that a killed restore had begun
};

// Errors (nothing that existed was touched, nothing is left behind): kTargetExists, kNoBackup,
// kNotRestorable, kOutsideWindow, kCorrupt, kBusy (another restore, or the daemon, is at work),
// kCancelled, the store's, and those of local files. If the swap itself fails half way, see swap.h.
Result<RestoreReport> restore(std::span<const Replica> replicas, const RestoreOptions& options);

}  // namespace streamd::restore
