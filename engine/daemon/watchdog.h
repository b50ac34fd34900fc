// Says that the daemon lives, to systemd (WATCHDOG=1) or to the companion process, for as long as
// no thread that holds locks of a database stands still. Who hears nothing kills the daemon.
#pragma once
#include <thread>

#include "base/clock.h"
#include "daemon/companion.h"

namespace streamd::daemon {

class Supervisor;

class Watchdog {
 public:
  // Borrows the supervisor, which has been started and outlives it.
  Watchdog(const Supervisor& supervisor, Companion companion, const Clock& clock);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void main();
  void look();
  const Supervisor& supervisor_;
  Companion companion_;
  const Clock& clock_;
  const bool systemd_;
  milliseconds pace_{1000};  // between two signs of life
  bool said_ = false;
  Cancel stop_;
  std::thread thread_;
};

// Does systemd want signs of life from this process? Then it needs no companion. Microseconds
// within which one must come; 0 = no.
std::uint64_t system_watchdog();

}  // namespace streamd::daemon
