// The newest moment of a replica that a restore has proven, and how the last attempt went:
// replicas/<name>/proven (docs/formats/local-state.md).
#pragma once
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/ids.h"

namespace streamd::state {

struct Proof {
  GenerationId generation;
  Txid txid;                     // 0 = none was proven yet
  Micros seen = 0;               // the time of that moment
  Micros proven = 0;             // when its proof ended
  Micros tried = 0;              // when the last attempt ended; 0 = there was none
  std::optional<Error> failure;  // of the last attempt
};

// One that is not there (an empty path) or is damaged is as good as none.
Proof load_proof(const std::string& path);
Status save_proof(const std::string& path, const Proof& proof);

}  // namespace streamd::state
