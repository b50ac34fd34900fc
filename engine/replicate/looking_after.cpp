// When a replica is looked after (upkeep.h): once it can be restored from and as long as nothing is
// wrong with it; not in its last moments.
#include "replicate/replica.h"

namespace streamd::replicate {

// With the lock held.
bool Replica::can_be_looked_after() const {
  return joined_ && restorable_ && !draining_ && !stopping_ && !dropped_ &&
         status_.state == ReplicaState::kReady;
}

// With the lock held. Of what passes by itself.
std::string Replica::why_not_looked_after() const {
  if (dropped_) return "it is behind, and gets what it lacks first";
  if (status_.state == ReplicaState::kReady) return "a generation begins there";
  return std::string("it is ") + state_name(status_.state);
}

// With the lock held.
Upkeep::Outlook Replica::look_after() {
  if (!can_be_looked_after()) return {};
  const UpkeepView view{joined_->identity.generation, status_.acknowledged, status_.snapshot,
                        status_.objects_sent, clock_.mono()};
  return upkeep_.look(view, joined_->identity, joined_->page_size);
}

// A run is over, on its thread.
void Replica::looked_after(const std::optional<Error>& fenced) {
  {
    const std::lock_guard lock(mutex_);
    if (fenced) failed(*fenced);
    wake();
  }
  changed_.notify_all();
}

// A replica that has only just begun, or is behind, is waited for.
Status Replica::look_after_now(MonoTime deadline, const Cancel& cancel) {
  const std::string what = "look after replica " + name();
  constexpr milliseconds kPoll{250};
  upkeep_.hurry();
  for (;;) {
    std::string not_yet;
    Upkeep::Outlook outlook;
    {
      std::unique_lock lock(mutex_);
      if (draining_ || stopping_)
        return make_error(Code::kBusy, what + ": its database is being let go");
      if (can_be_looked_after()) {
        outlook = look_after();
      } else {
        if (status_.error) return *status_.error;
        not_yet = why_not_looked_after();
        changed_.wait_until(lock, std::min(deadline, clock_.mono() + kPoll));
      }
    }
    if (not_yet.empty() && !outlook.running) {
      if (auto trouble = upkeep_.trouble())
        return std::move(trouble->error).with_context(what + ": " + trouble->job);
      return {};
    }
    if (cancel.cancelled()) return make_error(Code::kCancelled, what + ": stopped");
    if (clock_.mono() >= deadline)
      return make_error(Code::kTimeout,
                        what + ": " + (not_yet.empty() ? "not finished in time" : not_yet),
                        "it goes on in the background while the daemon runs");
    if (not_yet.empty()) upkeep_.wait(std::min(deadline, clock_.mono() + kPoll));
  }
}

}  // namespace streamd::replicate
