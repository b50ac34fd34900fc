// Waiting for a database on somebody's behalf: until a deadline, as long as they are still there,
// and no longer than it makes sense.
#pragma once
#include <functional>

#include "replicate/pipeline.h"

namespace streamd::daemon {

struct WaitLimits {
  MonoTime deadline;
  std::function<bool()> given_up;  // asked every second or so; may be empty
  // A failure that waiting does not heal (no such file, refused credentials, ...) ends it at once.
  // Without it only those do that need a decision: a database may yet be made by its application.
  bool only_what_heals = false;
};

// Pipeline::sync and Pipeline::wait_for. The error is what keeps the database or the replica from
// it, if that is known, else kTimeout; at once when waiting cannot help.
Result<Txid> sync_within(replicate::Pipeline& pipeline, const WaitLimits& limits,
                         const Cancel& cancel, const Clock& clock);
Status wait_within(replicate::Pipeline& pipeline, Txid txid, const std::string& replica,
                   const WaitLimits& limits, const Cancel& cancel, const Clock& clock);

// The same for so many replicas, whichever they are, and for a snapshot.
Status wait_within_some(replicate::Pipeline& pipeline, Txid txid, std::size_t count,
                        const WaitLimits& limits, const Cancel& cancel, const Clock& clock);
Status snapshot_within(replicate::Pipeline& pipeline, Txid txid, const std::string& replica,
                       const WaitLimits& limits, const Cancel& cancel, const Clock& clock);

// sync_within and wait_within for all replicas, without a deadline: gives up on what waiting does
// not heal, and once something is failing and nothing has moved for `patience`. The worst failure
// by its exit code.
Status sync_patiently(replicate::Pipeline& pipeline, milliseconds patience, const Cancel& cancel,
                      const Clock& clock);

// Pipeline::look_after_now, as long as somebody waits for it.
Status look_after_within(replicate::Pipeline& pipeline, const WaitLimits& limits,
                         const Cancel& cancel, const Clock& clock);

}  // namespace streamd::daemon
