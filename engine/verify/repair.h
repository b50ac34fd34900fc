// Heals a replica from another one of the same database.
#pragma once
#include "verify/repair_plan.h"
#include "verify/verify.h"

namespace streamd::verify {

struct RepairSide {
  storage::Store& store;
  std::string name;  // for people
  Memory& memory;    // brought up to date
};

struct RepairOptions {
  bool all = false;      // read every object of the target again, not only those never read
  bool dry_run = false;  // plan only
  unsigned parallel = 8;
  const Cancel* cancel = nullptr;                                // may be null
  std::function<void(std::uint64_t, std::uint64_t)> progress{};  // of reading the target
  const Clock* clock = &system_clock();
};

struct RepairReport {
  VerifyReport before, after;  // of the target; `after` only when something was copied
  RepairPlan plan;
  bool marker = false;     // the marker is (to be) copied too
  std::size_t copied = 0;  // objects that were put, and read back
  std::uint64_t bytes_copied = 0;
  bool changed() const { return copied > 0; }
};

// Puts nothing but immutable objects, under names that are missing or damaged, and removes nothing:
// so it needs no claim, and may run beside a daemon (docs/adr/0016). Every object is read whole
// before it is copied, and after. Errors: the stores'; kDiverged when the two are not replicas of
// one database; kCorrupt when what was put reads back otherwise.
Result<RepairReport> repair(const RepairSide& target, const RepairSide& source,
                            const RepairOptions& options);

}  // namespace streamd::verify
