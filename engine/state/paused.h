// The mark of a paused database: no streamd follows it while the mark is there.
#pragma once
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace streamd::state {

// Since when it is paused; nullopt when it is not.
Result<std::optional<Micros>> paused_since(const std::string& path);
Status save_paused(const std::string& path, Micros since);

}  // namespace streamd::state
