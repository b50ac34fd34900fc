// Runs every target on its corpus, and on changes of it for some seconds; or one target on files:
//   fuzz CORPUS [SECONDS]
//   fuzz TARGET FILE...
// A crash leaves its input in a file, and says how to run it again.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "mutation.h"
#include "target.h"

namespace streamd::fuzz {
namespace {

constexpr unsigned kPatience = 10;  // seconds that one input may take
// Far above what any target needs of inputs of 64 KiB.
constexpr rlim_t kMostMemory = kGiB;

// What runs now, for who looks at a crash.
const char* running = "";
ByteView input;
char crash_file[4096];

void say(const char* text) {
  static_cast<void>(!write(STDERR_FILENO, text, std::strlen(text)));
}

void on_crash(int signal) {
  const int fd = open(crash_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  static_cast<void>(!write(fd, input.data(), input.size()));
  say(signal == SIGALRM ? "\nan input takes too long; run it again:\n"
                        : "\nan input has crashed it; run it again:\n");
  for (const char* part : {"  fuzz ", running, " ", static_cast<const char*>(crash_file), "\n"})
    say(part);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void prepare(const char* program) {
  log_set_level(LogLevel::kError);
  std::snprintf(crash_file, sizeof crash_file, "%s-crash-%d", program, getpid());
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM})
    std::signal(signal, on_crash);
#ifndef __SANITIZE_ADDRESS__  // it maps more than any limit
#ifndef __SANITIZE_THREAD__
  const rlimit limit{kMostMemory, kMostMemory};
  setrlimit(RLIMIT_DATA, &limit);
#endif
#endif
}

void run(const Target& target, ByteView bytes) {
  running = target.name;
  input = bytes;
  alarm(kPatience);
  target.run(bytes);
  alarm(0);
}

std::vector<Bytes> corpus_of(const std::string& folder) {
  std::vector<Bytes> corpus;
  const auto names = list_folder(folder);
  if (!names) return corpus;
  for (const std::string& name : *names)
    if (auto bytes = read_file(join_path(folder, name))) corpus.push_back(std::move(*bytes));
  return corpus;
}

// Each target gets its share of the time.
int run_all(const std::string& folder, double seconds) {
  const auto share = std::chrono::duration<double>(seconds / double(all_targets().size()));
  std::size_t inputs = 0, changed = 0;
  for (const Target& target : all_targets()) {
    const std::vector<Bytes> corpus = corpus_of(join_path(folder, target.name));
    require(!corpus.empty(), "every target has a corpus");
    for (const Bytes& bytes : corpus) run(target, bytes);
    inputs += corpus.size();
    const MonoTime begin = system_clock().mono();
    Mutation mutation(1);
    for (std::size_t i = 0; i % 16 != 0 || system_clock().mono() - begin < share; ++i, ++changed)
      run(target, mutation.of(corpus[i % corpus.size()], corpus[i / 7 % corpus.size()]));
  }
  std::printf("%zu targets, %zu inputs, %zu changes of them\n", all_targets().size(), inputs,
              changed);
  return 0;
}

int run_files(const Target& target, char** files) {
  for (; *files != nullptr; ++files) {
    const auto bytes = read_file(*files);
    if (!bytes) {
      std::fprintf(stderr, "%s\n", bytes.error().message.c_str());
      return 2;
    }
    run(target, *bytes);
  }
  return 0;
}

}  // namespace
}  // namespace streamd::fuzz

int main(int count, char** arguments) {
  using namespace streamd::fuzz;
  if (count < 2) {
    std::fprintf(stderr, "usage: fuzz CORPUS [SECONDS], or fuzz TARGET FILE...\n");
    return 2;
  }
  prepare(arguments[0]);
  if (const Target* target = find_target(arguments[1])) return run_files(*target, arguments + 2);
  return run_all(arguments[1], count > 2 ? std::atof(arguments[2]) : 0);
}
