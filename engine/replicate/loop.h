// One thread that runs many databases: each when its time has come, when its log was written to, or
// when somebody wakes it. Nothing a task does may block for long.
#pragma once
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"

namespace streamd::replicate {

class LoopTask {
 public:
  virtual ~LoopTask() = default;
  // On the loop's thread. `woken`: its log was written to or wake() was called since the last run.
  // Returns when to run next if nothing wakes it before.
  virtual MonoTime run(bool woken) = 0;
};

class Loop {
 public:
  static Result<std::unique_ptr<Loop>> start();
  ~Loop();  // the tasks must be gone

  // Any thread. A task runs first at once after add; remove returns when it will not run again.
  void add(LoopTask& task);
  void remove(LoopTask& task);
  void wake(LoopTask& task);

  // On the task's own runs: wake it when the file is written to. The number is for unwatch; -1 when
  // the system has no watch left (the task then lives by its slow poll).
  int watch(const std::string& path, LoopTask& task);
  void unwatch(int number);

 private:
  Loop(int inotify_fd, int event_fd);
  void main();
  void wait(MonoTime until);
  void drain_inotify();
  LoopTask* next_due(MonoTime now, bool& woken, MonoTime& until);
  void schedule(LoopTask* task, MonoTime when);

  struct State {
    MonoTime due;
    bool woken = false, running = false, removed = false;
  };
  const int inotify_fd_, event_fd_;
  std::mutex mutex_;
  std::condition_variable idle_;
  std::map<LoopTask*, State> tasks_;
  std::set<std::pair<MonoTime, LoopTask*>> queue_;
  std::unordered_map<int, LoopTask*> watches_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace streamd::replicate
