#include "daemon/children.h"

#include <sys/wait.h>

namespace streamd::daemon {

Children& Children::of_process() {
  static Children children;
  return children;
}

// Under the lock: it may have ended before its pid is known here.
Result<pid_t> Children::add(const std::function<int(pid_t&)>& spawn) {
  const std::lock_guard lock(mutex_);
  pid_t pid = -1;
  if (const int failed = spawn(pid); failed != 0) return errno_error(failed, "start a process");
  own_[pid] = std::nullopt;
  return pid;
}

std::optional<int> Children::ended(pid_t child) {
  const std::lock_guard lock(mutex_);
  const auto found = own_.find(child);
  if (found == own_.end()) return std::nullopt;
  int status = 0;
  if (!found->second && waitpid(child, &status, WNOHANG) == child) found->second = status;
  const std::optional<int> ended = found->second;
  if (ended) own_.erase(found);
  return ended;
}

void Children::reap_orphans() {
  const std::lock_guard lock(mutex_);
  int status = 0;
  for (pid_t ended = 0; (ended = waitpid(-1, &status, WNOHANG)) > 0;)
    if (const auto found = own_.find(ended); found != own_.end()) found->second = status;
}

}  // namespace streamd::daemon
