// Threads that decode blocks: one for each core.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"

namespace streamd::restore {

class Workers {
 public:
  explicit Workers(unsigned threads);  // the caller's own is one of them
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  using Job = std::function<Status(std::size_t)>;
  // job(0) to job(count - 1), in any order and at the same time; the first error, after which no
  // further job begins. One caller at a time.
  Status run(std::size_t count, const Job& job);

 private:
  void work();                                    // a thread's life
  void take_jobs(std::unique_lock<std::mutex>&);  // until none is left

  std::mutex mutex_;
  std::condition_variable changed_;
  const Job* job_ = nullptr;
  std::size_t next_ = 0, count_ = 0, running_ = 0;
  Status result_;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace streamd::restore
