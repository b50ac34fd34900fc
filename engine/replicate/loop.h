// One thread that runs many databases: each when its time has come, when its log was written to, or
// when somebody wakes it. Nothing a task does may block for long.
#pragma once
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"
#include "replicate/task.h"

namespace streamd::replicate {

class Loop {
 public:
  static Result<std::unique_ptr<Loop>> start();
  ~Loop();  // the tasks must be gone

  // Any thread. A task runs first at once after add; remove returns when it will not run again.
  void add(Task& task);
  void remove(Task& task);
  void wake(Task& task);

  // How long the present run of a task has stood still: its thread neither ended it nor read or
  // wrote anything since the look before. 0 while it waits for work. Of one thread.
  milliseconds look_for_progress(MonoTime now);
  // Any thread: what was found last.
  milliseconds stands_still() const { return milliseconds(stands_still_.load()); }

  // On the task's own runs: wake it when the file is written to, or when it is renamed, replaced or
  // removed. The number is for unwatch; -1 when the system has no watch left (the task lives by its
  // slow poll).
  enum class Event : std::uint8_t { kWritten, kReplaced };
  int watch(const std::string& path, Event event, Task& task);
  void unwatch(int number);

 private:
  Loop(int inotify_fd, int event_fd);
  void main();
  void wait(MonoTime until);
  void drain_inotify();
  void wake_watching(Task& task);  // with mutex_ held
  void wake_all_watching();
  Task* next_due(MonoTime now, bool& woken, MonoTime& until);
  void schedule(Task* task, MonoTime when);
  void give_back_memory(MonoTime now, MonoTime until);

  struct State {
    MonoTime due;
    bool woken = false, running = false, removed = false;
  };
  const int inotify_fd_, event_fd_;
  std::mutex mutex_;
  std::condition_variable idle_;
  std::map<Task*, State> tasks_;
  std::set<std::pair<MonoTime, Task*>> queue_;
  std::unordered_map<int, Task*> watches_;
  bool stopping_ = false;
  bool ran_ = false;  // a task, since memory was given back
  MonoTime given_back_{};
  std::atomic<std::uint64_t> turns_{0};  // odd while a task runs
  std::atomic<int> thread_id_{0};
  std::atomic<std::int64_t> stands_still_{0};  // milliseconds
  struct Look {
    std::uint64_t turns = 0, calls = 0;
    MonoTime since;
  } last_look_;  // of the thread that looks
  std::thread thread_;
};

}  // namespace streamd::replicate
