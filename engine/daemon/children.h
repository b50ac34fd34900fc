// The processes that this one starts. As process 1 of a container it is also the parent of whatever
// others leave behind; those are reaped, and the exit codes of its own are kept for who waits.
#pragma once
#include <sys/types.h>

#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "base/result.h"

namespace streamd::daemon {

// Any thread.
class Children {
 public:
  static Children& of_process();

  // `spawn` starts one, as posix_spawn does: it sets the pid, or returns an errno.
  Result<pid_t> add(const std::function<int(pid_t&)>& spawn);
  // The wait status of one that was added, when it has ended; once.
  std::optional<int> ended(pid_t child);
  // Reaps what has ended and was not added.
  void reap_orphans();

 private:
  std::mutex mutex_;
  std::map<pid_t, std::optional<int>> own_;
};

}  // namespace streamd::daemon
