// --exec: the application as a child of the daemon.
#pragma once
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace streamd::daemon {
class Supervisor;
}

namespace streamd::apps {

class Application {
 public:
  // In a process group of its own, in the foreground when there is a terminal; with no signal
  // blocked. kUsage when there is no such program, kPermission.
  static Result<Application> start(const std::vector<std::string>& words);
  pid_t pid() const { return pid_; }
  void forward(int signal) const;
  // After SIGCHLD: its exit code once it has ended, 128+n when signal n killed it.
  std::optional<int> reap();

 private:
  explicit Application(pid_t pid) : pid_(pid) {}
  pid_t pid_;
  std::optional<int> code_;
};

// Reaps children that nobody waits for, for a process 1.
void reap_orphans();

// Until every database is followed, or is not there for its application to make: only then may one
// be started. The error that keeps a database from it: at once when a person must decide, else
// after `patience`. kCancelled.
Status wait_until_followed(const daemon::Supervisor& supervisor, milliseconds patience,
                           const Cancel& cancel);

// It has ended: a database that it made or changed in its last moments is followed now, not with
// the next attempt, so that the final sync has it. Returns when each is, or cannot be, or at
// `deadline`; the final sync says what is wrong then.
void follow_what_it_made(const daemon::Supervisor& supervisor, MonoTime deadline,
                         const Cancel& cancel);

}  // namespace streamd::apps
