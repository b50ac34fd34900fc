#include "daemon/child_command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "daemon/children.h"
#include "daemon/unix_socket.h"

namespace streamd::daemon {
namespace {

constexpr milliseconds kPoll{20}, kGrace{1000};

Result<pid_t> start(const std::vector<std::string>& command, int input) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(
      &attributes,
      static_cast<short>(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
  auto pid = Children::of_process().add([&](pid_t& child) {
    return posix_spawn(&child, words.front(), &files, &attributes, words.data(), environ);
  });
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (!pid) return std::move(pid.error()).with_context("run " + command.front());
  return pid;
}

Status outcome_of(int status, const std::string& command) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const std::string how = WIFEXITED(status) ? "exit code " + std::to_string(WEXITSTATUS(status))
                                            : "signal " + std::to_string(WTERMSIG(status));
  return make_error(Code::kIo, command + " ended with " + how,
                    "what it printed is beside this line");
}

// A pipe takes it all before anybody reads.
Result<Descriptor> pipe_with(const std::string& text) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return errno_error(errno, "make a pipe");
  Descriptor out(ends[0]);
  const Descriptor in(ends[1]);
  const ssize_t written = ::write(in.fd(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size()))
    return make_error(Code::kIo, "an event is too long for a pipe");
  if (::fcntl(out.fd(), F_SETFL, 0) != 0) return errno_error(errno, "make a pipe");
  return out;
}

}  // namespace

Status run_command(const std::vector<std::string>& command, const std::string& input,
                   milliseconds limit, const Cancel& hurry, const Clock& clock) {
  std::optional<Descriptor> text = TRY(pipe_with(input));
  const pid_t pid = TRY(start(command, text->fd()));
  text.reset();
  MonoTime until = clock.mono() + limit;
  bool hurried = false;
  while (clock.mono() < until) {
    if (const auto status = Children::of_process().ended(pid))
      return outcome_of(*status, command.front());
    if (hurried) {
      ::poll(nullptr, 0, static_cast<int>(kPoll.count()));
    } else if (hurry.wait_for(kPoll)) {
      hurried = true;
      until = std::min(until, clock.mono() + kGrace);
    }
  }
  ::kill(-pid, SIGKILL);
  while (!Children::of_process().ended(pid)) ::poll(nullptr, 0, 1);
  return make_error(Code::kTimeout, command.front() + " took too long and was killed",
                    "on-event-timeout sets how long it may take");
}

}  // namespace streamd::daemon
