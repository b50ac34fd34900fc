#include "replicate/wake_permit.h"

#include <algorithm>
#include <utility>

namespace streamd::replicate {

void WakePermits::set_most(std::size_t most) {
  const std::lock_guard lock(mutex_);
  most_ = most;
  pass_on();
}

void WakePermits::pass_on() {
  while (out_ < most_ && !queue_.empty()) {
    WakePermit* next = queue_.front();
    queue_.pop_front();
    next->state_ = WakePermit::State::kHeld;
    ++out_;
    next->granted_();
  }
  wanted_ = !queue_.empty();
}

WakePermit::WakePermit(std::shared_ptr<WakePermits> permits, std::function<void()> granted)
    : permits_(std::move(permits)), granted_(std::move(granted)) {}

bool WakePermit::take() {
  if (!permits_) return true;
  const std::lock_guard lock(permits_->mutex_);
  if (state_ == State::kNone && permits_->out_ < permits_->most_) {  // then nobody waits
    state_ = State::kHeld;
    ++permits_->out_;
  } else if (state_ == State::kNone) {
    state_ = State::kWaiting;
    permits_->queue_.push_back(this);
    permits_->wanted_ = true;
  }
  return state_ == State::kHeld;
}

void WakePermit::take_anyway() {
  if (!permits_) return;
  const std::lock_guard lock(permits_->mutex_);
  if (state_ == State::kHeld) return;
  std::erase(permits_->queue_, this);
  permits_->wanted_ = !permits_->queue_.empty();
  state_ = State::kHeld;
  ++permits_->out_;
}

void WakePermit::give_back() {
  if (!permits_) return;
  const std::lock_guard lock(permits_->mutex_);
  if (state_ == State::kHeld) --permits_->out_;
  std::erase(permits_->queue_, this);
  state_ = State::kNone;
  permits_->pass_on();
}

}  // namespace streamd::replicate
