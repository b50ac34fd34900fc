#include "apps/signals.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

namespace streamd::apps {

bool asks_to_end(int signal) {
  return signal == SIGTERM || signal == SIGINT;
}

Signals::Signals(bool for_application) {
  sigemptyset(&set_);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set_, number);
  if (for_application)
    for (const int number : {SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT, SIGCHLD})
      sigaddset(&set_, number);
  if (getpid() == 1) sigaddset(&set_, SIGCHLD);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

std::optional<int> Signals::wait_for(milliseconds time) const {
  const timespec limit{time.count() / 1000, (time.count() % 1000) * 1'000'000};
  const int number = sigtimedwait(&set_, nullptr, &limit);
  if (number < 0) return std::nullopt;  // its time was over, or a debugger cut in
  return number;
}

void Signals::send_again(int number) const {
  kill(getpid(), number);
}

std::string signal_name(int number) {
  const char* name = sigabbrev_np(number);
  return name == nullptr ? "signal " + std::to_string(number) : std::string("SIG") + name;
}

}  // namespace streamd::apps
