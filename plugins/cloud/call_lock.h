// A lock that may be held while the network is asked: who waits for it notices cancellation and
// timeouts of its own call. Any thread.
#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <streamd/driver.hpp>

namespace streamd::cloud {

class CallLock {
 public:
  // Given back at its end, if it was taken.
  class Held {
   public:
    Held() = default;
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() {
      if (lock_ != nullptr) lock_->give_back();
    }

   private:
    friend class CallLock;
    CallLock* lock_ = nullptr;
  };

  // OK = held; else CANCELLED or TIMEOUT.
  streamd_code take(const sdk::Call& call, Held& held) {
    std::unique_lock lock(mutex_);
    while (taken_) {
      freed_.wait_for(lock, std::chrono::milliseconds(100));
      if (!taken_) break;
      if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
    }
    taken_ = true;
    held.lock_ = this;
    return STREAMD_OK;
  }

 private:
  void give_back() {
    {
      const std::lock_guard lock(mutex_);
      taken_ = false;
    }
    freed_.notify_one();
  }
  std::mutex mutex_;
  std::condition_variable freed_;
  bool taken_ = false;
};

}  // namespace streamd::cloud
