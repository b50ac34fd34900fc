#include "storage/gate.h"

namespace streamd::storage {

Result<Gate::Ticket> Gate::enter(const Call& call) {
  constexpr milliseconds kPoll{50};  // a Cancel cannot wake this wait
  const MonoTime start = system_clock().mono();
  std::unique_lock lock(mutex_);
  while (limit_ != 0 && inside_ >= limit_) {
    if (call.cancel != nullptr && call.cancel->cancelled())
      return make_error(Code::kCancelled, "cancelled while waiting for a free connection");
    if (call.timeout.count() > 0 && system_clock().mono() - start >= call.timeout)
      return make_error(Code::kTimeout, "timed out while waiting for a free connection");
    changed_.wait_for(lock, kPoll);
  }
  ++inside_;
  return Ticket(this);
}

void Gate::set_limit(std::uint32_t limit) {
  {
    const std::lock_guard lock(mutex_);
    limit_ = limit;
  }
  changed_.notify_all();
}

void Gate::leave() {
  {
    const std::lock_guard lock(mutex_);
    --inside_;
  }
  changed_.notify_one();
}

}  // namespace streamd::storage
