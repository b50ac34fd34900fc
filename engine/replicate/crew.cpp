#include "replicate/crew.h"

#include <algorithm>
#include <system_error>

namespace streamd::replicate {
namespace {

constexpr std::chrono::seconds kLinger{10};  // a thread without work

MonoTime now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

// A store of which many databases hang costs a thread each, the last after seconds. A snapshot
// keeps processors and memory busy, not a store alone: more at once would be no faster.
Crews& Crews::of_process() {
  static Crews crews{Crew({8, milliseconds(50), milliseconds(5)}),
                     Crew({4, milliseconds(2000), milliseconds(200)}), Crew({2, std::nullopt, {}})};
  return crews;
}

Crew::~Crew() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  due_.notify_all();
  leader_left_.notify_all();
  ended_.wait(lock, [this] { return threads_ == 0; });
}

void Crew::wake(Task& task) {
  const std::lock_guard lock(mutex_);
  const auto [found, added] = tasks_.try_emplace(&task);
  State& state = found->second;
  if (state.removed) return;
  state.woken = true;
  if (state.running) return;
  const MonoTime time = now();
  if (added || state.due > time) schedule(&task, state, time);
  if (threads_ == 0)
    follow_up();
  else
    due_.notify_one();
}

void Crew::remove(Task& task) {
  std::unique_lock lock(mutex_);
  const auto found = tasks_.find(&task);
  if (found == tasks_.end()) return;
  State& state = found->second;
  queue_.erase({state.due, &task});
  state.removed = true;
  ended_.wait(lock, [&] { return !state.running; });
  tasks_.erase(&task);
}

std::size_t Crew::threads() const {
  const std::lock_guard lock(mutex_);
  return threads_;
}

void Crew::schedule(Task* task, State& state, MonoTime when) {
  queue_.erase({state.due, task});
  state.due = when;
  queue_.emplace(when, task);
}

// Somebody must watch for what is due next: who waits for that, or a new thread.
void Crew::follow_up() {
  if (followers_ > 0) return leader_left_.notify_one();
  try {
    std::thread([this] { main(); }).detach();
    ++threads_;
  } catch (const std::system_error&) {
    // The system has no more of them: who is at work watches when that is done.
  }
}

void Crew::main() {
  std::unique_lock lock(mutex_);
  while (lead(lock)) {
    Task* task = next(lock);
    led_ = false;
    if (task == nullptr) break;
    follow_up();
    run(lock, *task);
  }
  --threads_;
  ended_.notify_all();  // the last it does with the lock
}

// False: there is one who leads, and was for long, or everything ends.
bool Crew::lead(std::unique_lock<std::mutex>& lock) {
  const auto mine = [this] { return !led_ || stopping_; };
  if (!mine()) {
    ++followers_;
    leader_left_.wait_for(lock, kLinger, mine);
    --followers_;
  }
  if (led_ || stopping_) return false;
  led_ = true;
  return true;
}

// When the first of those that are due may begin, by how many are at work.
MonoTime Crew::may_begin(MonoTime due) const {
  if (busy_ < rules_.few) return due;
  if (!rules_.patience) return MonoTime::max();
  return std::max(due + *rules_.patience, grown_ + rules_.pause);
}

// The leader's wait. nullptr: everything ends.
Task* Crew::next(std::unique_lock<std::mutex>& lock) {
  while (!stopping_) {
    const MonoTime begin = queue_.empty() || queue_.begin()->first == MonoTime::max()
                               ? MonoTime::max()
                               : may_begin(queue_.begin()->first);
    const MonoTime time = now();
    if (begin > time) {
      if (begin == MonoTime::max())
        due_.wait(lock);
      else
        due_.wait_until(lock, begin);
      continue;
    }
    if (busy_ >= rules_.few) grown_ = time;
    Task* task = queue_.begin()->second;
    queue_.erase(queue_.begin());
    return task;
  }
  return nullptr;
}

void Crew::run(std::unique_lock<std::mutex>& lock, Task& task) {
  State& state = tasks_.at(&task);
  const bool woken = std::exchange(state.woken, false);
  state.running = true;
  ++busy_;
  lock.unlock();
  const MonoTime again = task.run(woken);
  lock.lock();
  --busy_;
  state.running = false;
  if (state.removed)
    ended_.notify_all();  // it is gone from here on
  else
    schedule(&task, state, state.woken ? std::min(again, now()) : again);
  due_.notify_one();
}

}  // namespace streamd::replicate
