// Restores a database out of a replica of Litestream's. Start reading here.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "litestream/plan.h"
#include "restore/restore.h"

namespace streamd::litestream {

struct Report {
  restore::Outcome outcome = restore::Outcome::kRestored;
  std::string replica;  // where from
  Plan plan;            // of the moment that was restored, or would be
  std::uint32_t page_size = 0, pages = 0;
  std::uint64_t fetched = 0;  // bytes
  milliseconds duration{0};
  restore::Check checked = restore::Check::kNone;
  std::vector<std::string> moved_away;  // new names of what existed
};

// Of several replicas the one that leads to the newest moment. The options mean what they mean for
// our own (restore/restore.h), with the same safety of the target: nothing that exists is touched
// before the new file is complete. No local state is written: for a daemon the database is a new
// one. A moment that 0.3's times leave open is always checked by SQLite (Plan::unsettled).
// Errors: those of restore::restore and of plan.h; kUnsupported (encrypted with age).
Result<Report> restore(std::span<const restore::Replica> replicas,
                       const restore::RestoreOptions& options);

}  // namespace streamd::litestream
