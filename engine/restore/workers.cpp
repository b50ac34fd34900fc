#include "restore/workers.h"

namespace streamd::restore {

Workers::Workers(unsigned threads) {
  for (unsigned i = 1; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Workers::take_jobs(std::unique_lock<std::mutex>& lock) {
  while (next_ < count_) {
    const std::size_t mine = next_++;
    ++running_;
    lock.unlock();
    Status done = (*job_)(mine);
    lock.lock();
    --running_;
    if (!done && result_) {
      result_ = std::move(done);
      next_ = count_;
    }
  }
}

void Workers::work() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    take_jobs(lock);
    if (running_ == 0) changed_.notify_all();
    changed_.wait(lock, [this] { return stop_ || next_ < count_; });
  }
}

Status Workers::run(std::size_t count, const Job& job) {
  std::unique_lock lock(mutex_);
  job_ = &job;
  next_ = 0;
  count_ = count;
  result_ = {};
  if (count > 1 && !threads_.empty()) changed_.notify_all();
  take_jobs(lock);
  changed_.wait(lock, [this] { return running_ == 0; });
  count_ = next_ = 0;
  return std::move(result_);
}

}  // namespace streamd::restore
