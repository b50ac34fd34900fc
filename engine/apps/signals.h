// Signals as values: blocked for every thread, taken one by one by the thread that waits for them.
#pragma once
#include <atomic>
#include <csignal>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "base/clock.h"

namespace streamd::apps {

// TERM and INT: somebody wants this process to end.
bool asks_to_end(int signal);

class Signals {
 public:
  // TERM, INT and HUP; those that an application may want too, and CHLD, with `for_application`.
  // CHLD for a process 1 in any case. Before any other thread begins: they inherit the mask.
  // SIGPIPE is ignored from here on.
  explicit Signals(bool for_application = false);
  std::optional<int> wait_for(milliseconds time) const;  // nullopt after `time`
  void send_again(int number) const;                     // to this process: for the next wait

 private:
  sigset_t set_;
};

// work(cancel) on a thread of its own, cancelled by TERM and INT; its result. Signals that came
// meanwhile are sent again afterwards: the work may have been done already, and then they are meant
// for what comes next, as is a HUP for a file that was changed after it was read.
template <class Work>
auto run_cancellable(const Signals& signals, Work work) {
  constexpr milliseconds kPoll{100};
  Cancel cancel;
  std::atomic<bool> done{false};
  std::optional<decltype(work(cancel))> result;
  std::thread thread([&] {
    result.emplace(work(cancel));
    done = true;
  });
  std::set<int> came;
  while (!done)
    if (const auto number = signals.wait_for(kPoll)) {
      came.insert(*number);
      if (asks_to_end(*number)) cancel.cancel();
    }
  thread.join();
  for (const int number : came) signals.send_again(number);
  return std::move(*result);
}

std::string signal_name(int number);  // "SIGTERM"

}  // namespace streamd::apps
