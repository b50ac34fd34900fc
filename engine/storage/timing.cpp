#include "storage/timing.h"

#include <thread>

#include "base/hash.h"

namespace streamd::storage {

Timing real_timing() {
  return {&system_clock(),
          [](milliseconds time, const Cancel* cancel) {
            if (cancel != nullptr) return cancel->wait_for(time);
            std::this_thread::sleep_for(time);
            return false;
          },
          random_u64};
}

}  // namespace streamd::storage
