// Time, sleep and chance as the decorators see them, so that a test brings its own.
#pragma once
#include <cstdint>
#include <functional>

#include "base/clock.h"

namespace streamd::storage {

// The functions are called from any thread.
struct Timing {
  const Clock* clock;  // borrowed; outlives the stores
  // Sleeps; true when cancelled meanwhile. The flag may be null.
  std::function<bool(milliseconds, const Cancel*)> sleep;
  std::function<std::uint64_t()> random;
};
Timing real_timing();

}  // namespace streamd::storage
