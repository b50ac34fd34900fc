#include "apps/application.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"
#include "daemon/children.h"
#include "daemon/exit_code.h"
#include "daemon/supervisor.h"
#include "daemon/wait.h"

namespace streamd::apps {
namespace {

constexpr milliseconds kLook{20};
constexpr int kLooksForOneNotMade = 3;  // each tries anew

int code_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Its state may be what the application itself will change.
bool may_begin(const replicate::DatabaseStatus& status) {
  using replicate::Phase;
  if (status.phase == Phase::kLive || status.phase == Phase::kComparing) return true;
  if (status.phase != Phase::kAttaching) return status.phase == Phase::kPaused;
  const auto there = stat_path(status.path);
  const bool missing = there && !*there;
  const bool its_own =
      status.error && (status.error->code == Code::kNotWal || status.error->code == Code::kWaiting);
  return missing || its_own;
}

bool needs_a_person(const Error& error) {
  return error.code == Code::kDiverged || error.code == Code::kFenced ||
         error.code == Code::kCorrupt;
}

// A database that waits for its replicas' answers says less than they do.
Error cause_of(const replicate::DatabaseStatus& status) {
  std::optional<Error> worst = status.error;
  for (const auto& replica : status.replicas)
    if (replica.error &&
        (!worst || daemon::exit_code(replica.error->code) > daemon::exit_code(worst->code)))
      worst = Error(*replica.error).with_context("replica " + replica.name);
  if (!worst) worst = make_error(Code::kTimeout, "its replicas do not answer");
  return std::move(*worst).with_context("the application is not started, because " + status.path +
                                        " is not followed");
}

}  // namespace

Result<Application> Application::start(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_init(&actions);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  if (isatty(STDIN_FILENO) == 1) posix_spawn_file_actions_addtcsetpgrp_np(&actions, STDIN_FILENO);
  int failed = 0;
  auto pid = daemon::Children::of_process().add([&](pid_t& child) {
    return failed = posix_spawnp(&child, arguments.front(), &actions, &attributes, arguments.data(),
                                 environ);
  });
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (pid) return Application(*pid);
  if (failed == ENOENT) pid.error().code = Code::kUsage;
  return std::move(pid.error()).with_context("--exec: " + words.front());
}

void Application::forward(int signal) const {
  if (!code_) kill(pid_, signal);
}

std::optional<int> Application::reap() {
  if (const auto status = code_ ? std::nullopt : daemon::Children::of_process().ended(pid_))
    code_ = code_of(*status);
  return code_;
}

void reap_orphans() {
  if (getpid() == 1) daemon::Children::of_process().reap_orphans();
}

Status wait_until_followed(const daemon::Supervisor& supervisor, milliseconds patience,
                           const Cancel& cancel) {
  const Clock& clock = system_clock();
  const MonoTime deadline = clock.mono() + patience;
  for (;;) {
    std::optional<replicate::DatabaseStatus> waited_for;
    for (replicate::DatabaseStatus& status : supervisor.status()) {
      if (may_begin(status)) continue;
      const Error cause = cause_of(status);
      if (needs_a_person(cause)) return cause;
      waited_for = std::move(status);
    }
    if (!waited_for) return {};
    if (clock.mono() >= deadline) return cause_of(*waited_for);
    if (cancel.wait_for(kLook)) return make_error(Code::kCancelled, "stopped");
  }
}

void follow_what_it_made(const daemon::Supervisor& supervisor, MonoTime deadline,
                         const Cancel& cancel) {
  for (const daemon::PipelinePtr& pipeline : supervisor.pipelines()) {
    int looks = 0;
    const auto is_not_made = [&] {
      const auto error = pipeline->status().error;
      return error && error->code == Code::kWaiting && ++looks == kLooksForOneNotMade;
    };
    if (pipeline->status().phase == replicate::Phase::kLive) continue;
    (void)daemon::sync_within(*pipeline, {deadline, is_not_made, true}, cancel, system_clock());
  }
}

}  // namespace streamd::apps
