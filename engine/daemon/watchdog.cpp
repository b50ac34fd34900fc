#include "daemon/watchdog.h"

#include <systemd/sd-daemon.h>

#include <algorithm>

#include "base/log.h"
#include "daemon/supervisor.h"

namespace streamd::daemon {
namespace {

constexpr milliseconds kStandsStill{2500};  // no longer a sign of life from here on

}  // namespace

std::uint64_t system_watchdog() {
  std::uint64_t microseconds = 0;
  return sd_watchdog_enabled(0, &microseconds) > 0 ? microseconds : 0;
}

Watchdog::Watchdog(const Supervisor& supervisor, Companion companion, const Clock& clock)
    : supervisor_(supervisor),
      companion_(std::move(companion)),
      clock_(clock),
      systemd_(system_watchdog() != 0) {
  const milliseconds limit = systemd_ ? milliseconds(system_watchdog() / 1000) : companion_.limit();
  if (systemd_ || companion_.running())
    pace_ = std::clamp(limit / 5, milliseconds(1), milliseconds(1000));
  thread_ = std::thread([this] { main(); });
}

Watchdog::~Watchdog() {
  stop_.cancel();
  thread_.join();
}

void Watchdog::main() {
  do look();
  while (!stop_.wait_for(pace_));
}

void Watchdog::look() {
  const milliseconds still = supervisor_.look_for_progress(clock_.mono());
  if (still < kStandsStill) {
    said_ = false;
    if (systemd_) sd_notify(0, "WATCHDOG=1");
    if (companion_.running() && !companion_.tell_alive())
      log_warn(
          "the watchdog process is gone: a stuck streamd would not be noticed until it is started "
          "again");
    return;
  }
  if (said_) return;
  said_ = true;
  log_error("capture makes no progress: a disk may hang",
            {{"hint", "should it last, streamd is killed, so that it lets go of the logs"}});
}

}  // namespace streamd::daemon
