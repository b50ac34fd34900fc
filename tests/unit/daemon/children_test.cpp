#include "daemon/children.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>

using namespace streamd;
using daemon::Children;

namespace {

int shell(pid_t& pid, const char* script) {
  char name[] = "sh", option[] = "-c";
  char* const words[] = {name, option, const_cast<char*>(script), nullptr};
  return posix_spawn(&pid, "/bin/sh", nullptr, nullptr, words, environ);
}

pid_t added(Children& children, const char* script) {
  const auto pid = children.add([&](pid_t& child) { return shell(child, script); });
  BOOST_REQUIRE(pid);
  return *pid;
}

// Waits without taking the end away from anybody.
void wait_for_end(pid_t pid) {
  siginfo_t info;
  BOOST_REQUIRE(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) == 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(children)

BOOST_AUTO_TEST_CASE(an_end_is_told_once) {
  Children children;
  const pid_t pid = added(children, "exit 3");
  wait_for_end(pid);
  const auto status = children.ended(pid);
  BOOST_REQUIRE(status);
  BOOST_TEST(WEXITSTATUS(*status) == 3);
  BOOST_TEST(!children.ended(pid));
}

BOOST_AUTO_TEST_CASE(who_runs_has_not_ended) {
  Children children;
  const pid_t pid = added(children, "exec sleep 60");
  children.reap_orphans();
  BOOST_TEST(!children.ended(pid));
  kill(pid, SIGKILL);
  wait_for_end(pid);
  BOOST_TEST(WTERMSIG(children.ended(pid).value_or(0)) == SIGKILL);
}

BOOST_AUTO_TEST_CASE(reaping_orphans_keeps_the_code_of_its_own) {
  Children children;
  const pid_t own = added(children, "exit 7");
  pid_t orphan = -1;
  BOOST_REQUIRE(shell(orphan, "exit 0") == 0);
  wait_for_end(own);
  wait_for_end(orphan);
  children.reap_orphans();
  BOOST_TEST(waitpid(orphan, nullptr, WNOHANG) == -1);
  BOOST_TEST(errno == ECHILD);
  BOOST_TEST(WEXITSTATUS(children.ended(own).value_or(0)) == 7);
  BOOST_TEST(!children.ended(orphan));
}

BOOST_AUTO_TEST_CASE(what_does_not_start_is_an_error) {
  Children children;
  const auto pid = children.add([](pid_t&) { return ENOENT; });
  BOOST_REQUIRE(!pid);
  BOOST_TEST((pid.error().code == Code::kNotFound));
}

BOOST_AUTO_TEST_SUITE_END()
