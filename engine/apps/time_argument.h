// Moments as people write them on a command line. Pure.
#pragma once
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace streamd::apps {

// RFC 3339 with or without a fraction, with Z or an offset: 2026-11-22T20:47:05.5+01:00, a blank
// for the T too. Or "2 hours ago", "90m ago", counted back from `now`. Anything else, a time
// without an offset among them, is kUsage. Digits below a microsecond are cut off.
Result<Micros> parse_time_argument(std::string_view text, Micros now);

}  // namespace streamd::apps
