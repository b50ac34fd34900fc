// The store behind a replica: can it be reached, what may our key do there, what can it do, does
// its clock agree, and does it hold something that can be restored?
#pragma once
#include <string>

#include "base/clock.h"
#include "doctor/finding.h"
#include "storage/expiry.h"
#include "storage/store.h"

namespace streamd::doctor {

// Puts, looks at, reads, lists and removes one small object, `.streamd-doctor-<random>`; then reads
// the replica's names. Stops at the first thing that does not work.
void check_store(storage::Store& store, const std::string& subject, const Clock& clock,
                 const storage::Call& call, Findings& findings);

// Whether the storage removes or archives by itself what lies below `prefix` (the replica's;
// without slashes at its ends). Pure.
void judge_expiry(const std::string& subject, const std::string& prefix,
                  const Result<std::vector<storage::ExpiryRule>>& rules, Findings& findings);

// The store's clock against ours; positive when the store is ahead. Pure.
void judge_clock(const std::string& subject, Micros ahead, Findings& findings);

}  // namespace streamd::doctor
