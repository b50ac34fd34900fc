#include "session.h"

#include <csignal>

namespace stress {
namespace {
volatile std::sig_atomic_t stop = 0;
}  // namespace

void watch_for_stop() {
  std::signal(SIGTERM, [](int) { stop = 1; });
}

bool stop_requested() {
  return stop != 0;
}

}  // namespace stress
