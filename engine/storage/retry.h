// Which failure is tried again, and when: the one table of the engine. Pure.
#pragma once
#include <cstdint>

#include "base/clock.h"
#include "base/result.h"

namespace streamd::storage {

struct RetryRule {
  bool retry = false;            // trying the same again may help
  bool outcome_unknown = false;  // it may have happened all the same
};
RetryRule retry_rule(Code code);

struct RetryPolicy {
  milliseconds first{200};            // upper bound of the first wait; doubles from then on
  milliseconds longest{20'000};       // of one wait, also when the provider asks for more
  int attempts = 6;                   // in all; 1 = never try again
  milliseconds idle_timeout{30'000};  // of each attempt, whatever the call says
  milliseconds quiet{2000};           // failing for longer than this is told (Call::trouble)
};

// The wait after the attempt-th failure (from 1): anywhere between nothing and the bound ("full
// jitter", so that many clients do not come back at once), but not before `retry_after`. `random`
// is 64 random bits.
milliseconds retry_delay(const RetryPolicy& policy, int attempt, std::uint64_t random,
                         milliseconds retry_after);

}  // namespace streamd::storage
