#include "daemon/companion.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

namespace streamd::daemon {
namespace {

// Only what a signal handler might call, too: the other half of this process may have had threads.
[[noreturn]] void keep_watch(int socket, pid_t daemon, int seconds, const std::string& farewell) {
  prctl(PR_SET_NAME, "streamd-watchdog");
  if (socket > 3) close_range(3, static_cast<unsigned>(socket) - 1, 0);
  close_range(static_cast<unsigned>(socket) + 1, ~0U, 0);
  for (int silent = 0; silent < seconds;) {
    pollfd heard{socket, POLLIN, 0};
    const int ready = poll(&heard, 1, 1000);
    if (ready < 0 && errno == EINTR) continue;
    char bytes[64];
    if (ready > 0 && read(socket, bytes, sizeof bytes) <= 0) _exit(0);  // it has ended
    silent = ready == 0 ? silent + 1 : 0;
  }
  if (getppid() != daemon) _exit(0);
  (void)!write(STDERR_FILENO, farewell.data(), farewell.size());
  kill(daemon, SIGKILL);
  _exit(0);
}

}  // namespace

Result<Companion> Companion::start(milliseconds limit) {
  const int seconds = static_cast<int>(std::max<std::int64_t>(1, limit.count() / 1000));
  const std::string farewell = "streamd: no sign of life for " + std::to_string(seconds) +
                               " s: it is killed, so that it lets go of the databases' logs\n"
                               "hint: nothing is lost; start it again, and look at the disks of "
                               "the databases and of its local "
                               "state (option watchdog)\n";
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
    return errno_error(errno, "connect the watchdog");
  const pid_t daemon = getpid();
  const pid_t pid = fork();
  if (pid == 0) keep_watch(sockets[1], daemon, seconds, farewell);
  close(sockets[1]);
  if (pid < 0) {
    close(sockets[0]);
    return errno_error(errno, "start the watchdog");
  }
  return Companion(sockets[0], pid, std::chrono::seconds(seconds));
}

Companion::Companion(Companion&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      pid_(std::exchange(other.pid_, -1)),
      limit_(other.limit_) {}

Companion& Companion::operator=(Companion&& other) noexcept {
  if (this == &other) return *this;
  end();
  socket_ = std::exchange(other.socket_, -1);
  pid_ = std::exchange(other.pid_, -1);
  limit_ = other.limit_;
  return *this;
}

Companion::~Companion() {
  end();
}

void Companion::end() {
  if (socket_ < 0) return;
  close(std::exchange(socket_, -1));
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool Companion::tell_alive() {
  const char sign = 1;
  const ssize_t sent = send(socket_, &sign, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent == 1 || errno == EAGAIN || errno == EINTR) return true;  // full: it does not read now
  end();
  return false;
}

}  // namespace streamd::daemon
