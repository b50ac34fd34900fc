// Work that others may take their time over: a few threads and a bounded queue. What is given never
// waits; what finds the queue full is dropped and counted.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace streamd::daemon {

class Outbox {
 public:
  static constexpr std::size_t kMostWaiting = 1024;

  // `what` names the work in the log: "event". Threads begin with the first piece of work; with one
  // of them the order is kept.
  Outbox(std::string what, std::size_t most_threads, const Clock& clock);
  ~Outbox();  // finish(now)

  // A piece of work may look at the flag, which says that it should hurry.
  using Work = std::function<Status(const Cancel& hurry)>;
  bool put(Work work);             // false: it was dropped
  void finish(MonoTime deadline);  // waits for what is queued; then what is left is cancelled
  std::uint64_t lost() const;
  std::uint64_t failed() const;

 private:
  void main();
  void note(const Status& done);
  const std::string what_;
  const std::size_t most_threads_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> waiting_;
  std::size_t running_ = 0;
  bool ending_ = false;
  std::uint64_t lost_ = 0, failed_ = 0;
  std::uint64_t failures_in_a_row_ = 0;
  Cancel hurry_;
  std::vector<std::thread> threads_;
};

}  // namespace streamd::daemon
