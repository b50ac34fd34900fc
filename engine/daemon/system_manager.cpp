#include "daemon/system_manager.h"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <cstdlib>
#include <ctime>

#include "daemon/supervisor.h"

namespace streamd::daemon {

bool is_managed() {
  return std::getenv("NOTIFY_SOCKET") != nullptr;
}

void tell_ready() {
  sd_notify(0, "READY=1");
}

void tell_reloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
             static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000);
}

void tell_stopping(milliseconds longest) {
  constexpr milliseconds kAround{10000};  // for what is not sending
  const auto time = std::chrono::duration_cast<std::chrono::microseconds>(longest + kAround);
  sd_notify(0, fmt::format("STOPPING=1\nSTATUS=sending what is left\nEXTEND_TIMEOUT_USEC={}",
                           time.count())
                   .c_str());
}

void tell_status(const std::string& line) {
  sd_notify(0, ("STATUS=" + line).c_str());
}

std::string summary(const Supervisor& supervisor) {
  std::size_t live = 0, failing = 0;
  const auto databases = supervisor.status();
  for (const replicate::DatabaseStatus& status : databases) {
    live += status.phase == replicate::Phase::kLive;
    for (const auto& replica : status.replicas) failing += replica.error.has_value();
  }
  const std::size_t all = databases.size();
  return fmt::format("{} database{}: {} live, {} not protected; {} replica{} failing", all,
                     all == 1 ? "" : "s", live, all - live, failing, failing == 1 ? "" : "s");
}

}  // namespace streamd::daemon
