// What a replica's threads may ask of the database they belong to.
#pragma once
#include <functional>
#include <memory>

#include "base/clock.h"
#include "replicate/recorder.h"
#include "sqlite/capture.h"
#include "state/identity.h"
#include "state/spool.h"

namespace streamd::replicate {

// The database between two steps of its pipeline: exactly as of the last captured commit, and
// nothing moves while the visitor looks.
struct Moment {
  sqlite::Capture& capture;
  Recorder& recorder;
  state::Ledger& ledger;
};

class ReplicaHost {
 public:
  virtual ~ReplicaHost() = default;
  // Runs the visitor on the pipeline's thread, between two steps, and waits for it. kCancelled when
  // the pipeline stops or `cancel` says so. Keep visits short: capture stands still meanwhile.
  virtual Status visit(const std::function<Status(Moment&)>& visitor, const Cancel& cancel) = 0;
  // The same, unless the database has begun another generation than this one: kCancelled then.
  Status visit(GenerationId generation, const std::function<Status(Moment&)>& visitor,
               const Cancel& cancel) {
    const auto still = [&](Moment& moment) -> Status {
      if (moment.recorder.tip().generation == generation) return visitor(moment);
      return make_error(Code::kCancelled, "a new generation has begun");
    };
    return visit(still, cancel);
  }
  // The spool lives as long as the host.
  virtual state::Spool& spool() = 0;
  // Something was acknowledged, or a replica became free: the pipeline should look.
  virtual void replica_moved() = 0;
  // What the replica holds contradicts the database (another uuid, a newer generation).
  virtual const std::string& database_path() const = 0;
};

}  // namespace streamd::replicate
