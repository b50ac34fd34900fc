// What a person wants to be kept (docs/retention.md).
#pragma once
#include "base/clock.h"

namespace streamd::retention {

// Snapshots that stay beyond the retention. Counts: so many of the newest periods that have a
// snapshot keep their newest one; periods are those of UTC, weeks begin on Monday.
struct Keep {
  milliseconds all{0};  // every snapshot that is younger
  std::uint32_t hourly = 0, daily = 0, weekly = 0, monthly = 0, yearly = 0;
  std::uint32_t snapshots = 0;  // the newest ones, whatever their age
};

struct Rules {
  milliseconds retention{std::chrono::hours(168)};  // how far back a restore can go
  // How far back every transaction is kept; older ones only as snapshots. At most `retention`.
  milliseconds history{std::chrono::hours(168)};
  milliseconds grace{std::chrono::minutes(10)};  // between becoming unneeded and removal
  Keep keep;
};

// Clocks of this machine and of the store that differ by more than this are not trusted.
constexpr Micros kClockSkew = 5 * 60 * Micros{1'000'000};

}  // namespace streamd::retention
