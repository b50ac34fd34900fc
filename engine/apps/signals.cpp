#include "apps/signals.h"

#include <pthread.h>
#include <unistd.h>

namespace streamd::apps {

Signals::Signals() {
  sigemptyset(&set_);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set_, number);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

std::optional<int> Signals::wait_for(milliseconds time) const {
  const timespec limit{time.count() / 1000, (time.count() % 1000) * 1'000'000};
  const int number = sigtimedwait(&set_, nullptr, &limit);
  if (number < 0) return std::nullopt;  // its time was over, or a debugger cut in
  return number;
}

int Signals::wait() const {
  int number = 0;
  while (sigwait(&set_, &number) != 0) {
  }
  return number;
}

void Signals::send_again(int number) const {
  kill(getpid(), number);
}

const char* signal_name(int number) {
  switch (number) {
    case SIGTERM:
      return "SIGTERM";
    case SIGINT:
      return "SIGINT";
    default:
      return "SIGHUP";
  }
}

}  // namespace streamd::apps
