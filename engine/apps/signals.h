// Signals as values: blocked for every thread, taken one by one by the thread that waits for them.
#pragma once
#include <csignal>
#include <optional>

#include "base/clock.h"

namespace streamd::apps {

class Signals {
 public:
  // Before any other thread begins: they inherit the mask. SIGPIPE is ignored from here on.
  Signals();
  // TERM, INT or HUP; nullopt after `time`.
  std::optional<int> wait_for(milliseconds time) const;
  int wait() const;

 private:
  sigset_t set_;
};

const char* signal_name(int number);  // "SIGTERM"

}  // namespace streamd::apps
