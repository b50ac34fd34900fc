// At most so many operations at once.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

#include "storage/store.h"

namespace streamd::storage {

class Gate {
 public:
  explicit Gate(std::uint32_t limit) : limit_(limit) {}  // 0 = no limit

  // A place inside, given back at its end.
  class Ticket {
   public:
    explicit Ticket(Gate* gate) : gate_(gate) {}
    Ticket(Ticket&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket() {
      if (gate_ != nullptr) gate_->leave();
    }

   private:
    Gate* gate_;
  };
  // Waits for a place; kCancelled or kTimeout by the call's own terms. Any thread.
  Result<Ticket> enter(const Call& call);
  void set_limit(std::uint32_t limit);

 private:
  void leave();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint32_t limit_;
  std::uint32_t inside_ = 0;
};

}  // namespace streamd::storage
