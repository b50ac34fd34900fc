// How many databases of this process may be awake at once: each that is has a dozen descriptors
// open. While all permits are out, who wants one waits in a queue, and who has one and nothing to
// do gives it back sooner. Nothing is lost meanwhile: a database at rest holds its log.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace streamd::replicate {

class WakePermit;

// Any thread.
class WakePermits {
 public:
  explicit WakePermits(std::size_t most) : most_(most) {}
  void set_most(std::size_t most);  // fewer than are out: none is given until enough came back
  bool wanted() const { return wanted_; }  // somebody waits

 private:
  friend class WakePermit;
  void pass_on();  // with mutex_ held
  std::mutex mutex_;
  std::size_t most_, out_ = 0;
  std::deque<WakePermit*> queue_;
  std::atomic<bool> wanted_{false};
};

// One database's. One thread at a time.
class WakePermit {
 public:
  // Without `permits` there is no limit. `granted` is called when one that had to be waited for is
  // there: on the thread of whoever gave it back, with locks held, so that it may only wake
  // somebody.
  WakePermit(std::shared_ptr<WakePermits> permits, std::function<void()> granted);
  ~WakePermit() { give_back(); }
  WakePermit(const WakePermit&) = delete;
  WakePermit& operator=(const WakePermit&) = delete;

  // True: we have one, or have had it. False: we stand in the queue.
  bool take();
  // Beyond the limit, if need be: for who is awake already.
  void take_anyway();
  // Or leaves the queue; also when there is nothing to give back.
  void give_back();
  bool wanted() const { return permits_ && permits_->wanted(); }  // by others

 private:
  friend class WakePermits;
  enum class State : std::uint8_t { kNone, kWaiting, kHeld };
  const std::shared_ptr<WakePermits> permits_;
  const std::function<void()> granted_;
  State state_ = State::kNone;  // under the mutex of permits_
};

}  // namespace streamd::replicate
