// Bounds what a store may take from the machine: bytes per second and operations at once.
#pragma once
#include <cstdint>
#include <memory>

#include "storage/store.h"
#include "storage/timing.h"

namespace streamd::storage {

struct ThrottleLimits {
  std::uint64_t bytes_per_second = 0;  // both directions together; 0 = no limit
  std::uint32_t operations = 0;        // at once; 0 = no limit
};

// Lets `rate` bytes a second through on average, and what a quarter of a second may move at once.
// Not locked.
class TokenBucket {
 public:
  explicit TokenBucket(std::uint64_t rate) : rate_(rate) {}
  // Takes the bytes now, on credit if need be; returns how long the taker has to wait for them.
  milliseconds take(std::uint64_t bytes, MonoTime now);

 private:
  std::uint64_t rate_;  // bytes per second, > 0
  bool started_ = false;
  MonoTime paid_until_;  // everything taken so far is paid at this moment
};

std::shared_ptr<Store> with_throttle(std::shared_ptr<Store> inner, ThrottleLimits limits,
                                     Timing timing);

}  // namespace streamd::storage
