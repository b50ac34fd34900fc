// simulation --help
#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "base/log.h"
#include "scheduler.h"
#include "story.h"
#include "temp_folder.h"

namespace {

using std::chrono::steady_clock;

constexpr double kLeastSpeed =
    60;  // times real time, by the processor's time: the machine may be busy

struct Options {
  std::uint64_t seed = 0;
  double hours = 1;
  int seconds = 0;  // real ones; 0 = one seed
  std::string seeds;
  bool twice = false, log = false;
};

// What one run came to.
struct Run {
  double lived = 0, real = 0, processor = 0;  // seconds
  std::uint64_t digest = 0, commits = 0;
};

// In a process of its own: it may end in the middle, and whatever libraries keep in mind is new.
Run live(const std::string& folder, std::uint64_t seed, double hours, bool log) {
  const auto began = steady_clock::now();
  streamd::log_set_level(log ? streamd::LogLevel::kDebug : streamd::LogLevel::kError);
  simulation::begin_scheduling(seed);
  const simulation::Outcome done = simulation::run_story(folder, seed, hours * 3600);
  Run run;
  run.digest = simulation::digest();
  run.lived = static_cast<double>(simulation::elapsed()) / 1e9;
  simulation::end_scheduling();
  run.real = std::chrono::duration<double>(steady_clock::now() - began).count();
  run.commits = done.commits;
  fmt::print(
      "seed {}: {:.0f} s in {:.1f} s, {} commits, {} restores compared ({} by time), {} "
      "transactions walked, {} kills, "
      "{} stops, {} failed requests, {} clock jumps, {} takeovers, digest {:016x}\n",
      seed, run.lived, run.real, done.commits, done.restores, done.by_time, done.walked, done.kills,
      done.stops, done.failures, done.jumps, done.takeovers, run.digest);
  std::fflush(stdout);
  return run;
}

std::optional<Run> run_seed(std::uint64_t seed, double hours, bool log) {
  const TempFolder folder;
  int ends[2];
  if (pipe(ends) != 0) return std::nullopt;
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    const Run run = live(folder.path(), seed, hours, log);
    _exit(write(ends[1], &run, sizeof run) == sizeof run ? 0 : 1);
  }
  close(ends[1]);
  Run run;
  const bool whole = read(ends[0], &run, sizeof run) == sizeof run;
  close(ends[0]);
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  if (WIFSIGNALED(status)) fmt::print("FAILED seed {}: signal {}\n", seed, WTERMSIG(status));
  if (status != 0 || !whole) return std::nullopt;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  run.processor = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  return run;
}

class Runs {
 public:
  explicit Runs(const Options& options) : options_(options) {}

  void run(std::uint64_t seed, double hours) {
    const auto first = run_seed(seed, hours, options_.log);
    const auto second = options_.twice && first ? run_seed(seed, hours, false) : first;
    const bool same = first && second && first->digest == second->digest;
    if (first && !same) fmt::print("FAILED seed {}: another run of it went another way\n", seed);
    failed_ += same ? 0 : 1;
    if (!first) return;
    all_.lived += first->lived;
    all_.real += first->real;
    all_.processor += first->processor;
    all_.commits += first->commits;
  }

  // 0 when all is well.
  int conclude() const {
    const double speed = all_.lived / std::max(all_.processor, 0.01);
    fmt::print(
        "{:.1f} h with {:.2f} commits a second: {:.0f} times real time, {:.0f} times by the "
        "processor's time\n",
        all_.lived / 3600, static_cast<double>(all_.commits) / std::max(all_.lived, 1.0),
        all_.lived / std::max(all_.real, 0.01), speed);
    if (failed_ > 0)
      fmt::print("{} seeds failed; run one again: simulation --seed N --hours {} --log\n", failed_,
                 options_.hours);
    const bool slow = all_.lived > 600 && speed < kLeastSpeed;
    if (slow) fmt::print("FAILED: slower than {} times real time\n", kLeastSpeed);
    return failed_ > 0 || slow ? 1 : 0;
  }

 private:
  const Options& options_;
  int failed_ = 0;
  Run all_;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Hours of replication in seconds: databases, their replicas, and everything that may happen "
      "to them");
  app.add_option("--seed", options.seed, "which story; it replays exactly");
  app.add_option("--hours", options.hours, "of virtual time");
  app.add_option("--seconds", options.seconds,
                 "one seed after the other, for so many real seconds");
  app.add_option("--seeds", options.seeds, "these first: a file of lines `SEED HOURS`");
  app.add_flag("--twice", options.twice, "each seed two times: both must go the same way");
  app.add_flag("--log", options.log, "the daemon's log to stderr");
  CLI11_PARSE(app, argc, argv);
  Runs runs(options);
  std::ifstream file(options.seeds);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::uint64_t seed = 0;
    double hours = 0;
    if (words >> seed >> hours) runs.run(seed, hours);
  }
  const auto end = steady_clock::now() + std::chrono::seconds(options.seconds);
  if (options.seeds.empty() || options.seconds > 0) {
    do runs.run(options.seed++, options.hours);
    while (steady_clock::now() < end);
  }
  return runs.conclude();
}
