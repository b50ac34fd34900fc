// Threads for work that may stand still: talking to stores. There are as many as there is work for,
// up to a few; one that is kept waiting by a store is no reason for others to wait, so that more
// come when what is due is not begun in time. One watches for what is due next, the others end when
// they have had nothing to do for a while.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "replicate/task.h"

namespace streamd::replicate {

struct CrewRules {
  std::size_t few = 1;                   // threads at work at a time, without need for more
  std::optional<milliseconds> patience;  // work that is due longer is a need; nullopt = never
  milliseconds pause{0};                 // at least so long between two that come for that
};

// Any thread.
class Crew {
 public:
  explicit Crew(CrewRules rules) : rules_(rules) {}
  ~Crew();  // the tasks must be gone

  // Runs the task as soon as may be, after those that became due before. A task that runs just now
  // is run once more.
  void wake(Task& task);
  // Returns when it does not run any more. It will not, unless it is woken again.
  void remove(Task& task);

  std::size_t threads() const;  // that exist

 private:
  struct State {
    MonoTime due;
    bool woken = false, running = false, removed = false;
  };
  void main();
  bool lead(std::unique_lock<std::mutex>& lock);
  Task* next(std::unique_lock<std::mutex>& lock);
  MonoTime may_begin(MonoTime due) const;
  void run(std::unique_lock<std::mutex>& lock, Task& task);
  void schedule(Task* task, State& state, MonoTime when);
  void follow_up();

  const CrewRules rules_;
  mutable std::mutex mutex_;
  std::condition_variable due_, leader_left_, ended_;
  std::map<Task*, State> tasks_;
  std::set<std::pair<MonoTime, Task*>> queue_;
  std::size_t threads_ = 0, followers_ = 0, busy_ = 0;
  bool led_ = false, stopping_ = false;
  MonoTime grown_{};  // a thread came for need
};

// Those of this process.
struct Crews {
  Crew sending;    // each replica
  Crew snapshots;  // those that are taken just now
  Crew upkeep;     // merges and removals: in the order in which they became due, two at a time
  static Crews& of_process();
};

}  // namespace streamd::replicate
