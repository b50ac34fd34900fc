#include "daemon/outbox.h"

#include <algorithm>

#include "base/log.h"

namespace streamd::daemon {

Outbox::Outbox(std::string what, std::size_t most_threads, const Clock& clock)
    : what_(std::move(what)), most_threads_(most_threads), clock_(clock) {}

Outbox::~Outbox() {
  finish(clock_.mono());
}

bool Outbox::put(Work work) {
  const std::lock_guard lock(mutex_);
  if (ending_) return false;
  if (waiting_.size() >= kMostWaiting) {
    if (lost_++ == 0)
      log_warn("too many of them wait: some are dropped from now on (streamd_events_lost_total)",
               {{"what", what_}});
    return false;
  }
  waiting_.push_back(std::move(work));
  if (threads_.size() < std::min(most_threads_, waiting_.size() + running_))
    threads_.emplace_back([this] { main(); });
  changed_.notify_all();
  return true;
}

void Outbox::main() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const Work work = std::move(waiting_.front());
    waiting_.pop_front();
    ++running_;
    lock.unlock();
    const Status done = work(hurry_);
    lock.lock();
    --running_;
    note(done);
    changed_.notify_all();
  }
}

// The first failure in a row is news; the others are counted. With the lock held.
void Outbox::note(const Status& done) {
  if (done) {
    if (failures_in_a_row_ > 1)
      log_info("can be told again", {{"what", what_}, {"failures", failures_in_a_row_}});
    failures_in_a_row_ = 0;
    return;
  }
  ++failed_;
  if (failures_in_a_row_++ == 0)
    log_error_event(LogLevel::kWarn, "cannot be told", done.error(), {{"what", what_}});
}

void Outbox::finish(MonoTime deadline) {
  {
    std::unique_lock lock(mutex_);
    if (!ending_)
      changed_.wait_until(lock, deadline, [this] { return waiting_.empty() && running_ == 0; });
    ending_ = true;
    waiting_.clear();
  }
  hurry_.cancel();
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

std::uint64_t Outbox::lost() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

std::uint64_t Outbox::failed() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

}  // namespace streamd::daemon
