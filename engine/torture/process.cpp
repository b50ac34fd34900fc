#include "torture/process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace streamd::torture {
namespace {

constexpr milliseconds kPoll{20};

}  // namespace

Status Process::start(const std::vector<std::string>& command, const std::string& log) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  posix_spawnattr_t attributes;  // signals that we wait for are blocked in us alone
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  const int failed = posix_spawn(&pid_, words[0], &actions, &attributes, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed == 0) return {};
  pid_ = -1;
  return errno_error(failed, "run " + command.front());
}

bool Process::runs() {
  if (pid_ < 0) return false;
  if (waitpid(pid_, &status_, WNOHANG) != pid_) return true;
  pid_ = -1;
  return false;
}

void Process::send(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}

int Process::wait(milliseconds patience) {
  const Cancel never;
  const MonoTime end = system_clock().mono() + patience;
  while (runs() && system_clock().mono() < end) never.wait_for(kPoll);
  send(SIGKILL);
  while (runs()) never.wait_for(kPoll);
  return WIFSIGNALED(status_) ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_);
}

void Process::end() {
  if (runs()) wait(milliseconds(0));
}

}  // namespace streamd::torture
