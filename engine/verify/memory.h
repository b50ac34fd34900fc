// What was verified, kept in the local state of a replica: replicas/<name>/verified
// (docs/formats/local-state.md). Losing it costs reading everything again, nothing else.
#pragma once
#include <string>

#include "verify/facts.h"

namespace streamd::verify {

// Nothing when there is none, when it is damaged, or when it is another user's.
Result<Memory> load_memory(const std::string& path);
Status save_memory(const std::string& path, const Memory& memory);

}  // namespace streamd::verify
