#include "application.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>
#include <stdexcept>

namespace {

constexpr int kPatienceMs = 120'000;  // a slow machine is no failure

bool readable(int fd, int within_ms) {
  pollfd output{fd, POLLIN, 0};
  return poll(&output, 1, within_ms) > 0;
}

}  // namespace

Application::Application(const std::string& database) {
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe for the application");
  pid_ = fork();
  if (pid_ == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    execl(APPLICATION_PROGRAM, APPLICATION_PROGRAM, database.c_str(), nullptr);
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  input_ = in[1];
  output_ = out[0];
  signal(SIGPIPE, SIG_IGN);
}

void Application::start(const std::string& command) {
  const std::string line = command + "\n";
  if (write(input_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    throw std::runtime_error("the application is gone: " + command);
}

std::string Application::read_line() {
  for (;;) {
    if (const std::size_t end = unread_.find('\n'); end != std::string::npos) {
      const std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    char bytes[4096];
    if (!readable(output_, kPatienceMs)) throw std::runtime_error("the application hangs");
    const ssize_t got = read(output_, bytes, sizeof bytes);
    if (got <= 0) throw std::runtime_error("the application died");
    unread_.append(bytes, static_cast<std::size_t>(got));
  }
}

bool Application::finished(int within_ms) {
  return unread_.find('\n') != std::string::npos || readable(output_, within_ms);
}

Application::Reply Application::finish() {
  std::istringstream words(read_line());
  Reply reply;
  words >> reply.code >> reply.ms;
  words.ignore();
  std::getline(words, reply.text);
  return reply;
}

void Application::reached() {
  if (const std::string line = read_line(); line != "reached")
    throw std::runtime_error("the application did not come to its point: " + line);
}

Application::Reply Application::run(const std::string& command) {
  start(command);
  return finish();
}

std::string Application::sql(const std::string& statements) {
  const Reply reply = run("sql " + statements);
  if (reply.code != 0) throw std::runtime_error(statements + ": " + reply.text);
  return reply.text;
}

bool Application::wait_for_death() {
  int status = 0;
  if (pid_ < 0 || waitpid(pid_, &status, 0) != pid_) return false;
  pid_ = -1;
  close(input_);
  close(output_);
  return WIFSIGNALED(status);
}

void Application::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  wait_for_death();
}
