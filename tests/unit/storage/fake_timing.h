// Time that only passes when somebody sleeps, and chance that is always the same.
#pragma once
#include <vector>

#include "storage/timing.h"

class FakeTime final : public streamd::Clock {
 public:
  streamd::Micros wall_micros() const override { return 0; }
  streamd::MonoTime mono() const override { return now; }
  streamd::storage::Timing timing() {
    return {this,
            [this](streamd::milliseconds time, const streamd::Cancel* cancel) {
              sleeps.push_back(time.count());
              now += time;
              return cancel != nullptr && cancel->cancelled();
            },
            [this] { return chance; }};
  }
  streamd::MonoTime now{std::chrono::hours(1)};
  std::uint64_t chance = 0;
  std::vector<std::int64_t> sleeps;  // milliseconds
};
