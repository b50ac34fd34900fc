// simulation --help
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <vector>

#include "base/log.h"
#include "scheduler.h"
#include "story.h"
#include "temp_folder.h"

namespace {

using std::chrono::steady_clock;

struct Options {
  std::uint64_t seed = 0;
  double hours = 1;
  int seconds = 0;  // real ones; 0 = one seed
  std::string seeds;
  bool log = false;
};

// In a process of its own: it may end in the middle.
void run(const std::string& folder, std::uint64_t seed, const Options& options) {
  const auto began = steady_clock::now();
  streamd::log_set_level(options.log ? streamd::LogLevel::kDebug : streamd::LogLevel::kError);
  simulation::begin_scheduling(seed);
  const simulation::Outcome done = simulation::run_story(folder, seed, options.hours * 3600);
  const std::uint64_t digest = simulation::digest();
  const double lived = static_cast<double>(simulation::elapsed()) / 1e9;
  simulation::end_scheduling();
  const double took = std::chrono::duration<double>(steady_clock::now() - began).count();
  std::printf(
      "seed %llu: %.0f s in %.1f s (%.0f times real time), %llu commits, %llu restores compared "
      "(%llu by time), "
      "%llu transactions walked, %llu kills, %llu stops, %llu failed requests, %llu clock jumps, "
      "%llu takeovers, "
      "digest %016llx\n",
      static_cast<unsigned long long>(seed), lived, took, lived / took,
      static_cast<unsigned long long>(done.commits), static_cast<unsigned long long>(done.restores),
      static_cast<unsigned long long>(done.by_time), static_cast<unsigned long long>(done.walked),
      static_cast<unsigned long long>(done.kills), static_cast<unsigned long long>(done.stops),
      static_cast<unsigned long long>(done.failures), static_cast<unsigned long long>(done.jumps),
      static_cast<unsigned long long>(done.takeovers), static_cast<unsigned long long>(digest));
  std::fflush(stdout);
}

bool passes(std::uint64_t seed, const Options& options) {
  const TempFolder folder;
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    run(folder.path(), seed, options);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status))
    std::printf("FAILED seed %llu: signal %d\n", static_cast<unsigned long long>(seed),
                WTERMSIG(status));
  return status == 0;
}

std::vector<std::uint64_t> read_seeds(const std::string& path) {
  std::vector<std::uint64_t> seeds;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line[0] != '#') seeds.push_back(std::stoull(line));
  return seeds;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Hours of replication in seconds: one database or two, their replicas, and everything that "
      "may happen");
  app.add_option("--seed", options.seed, "which story; it replays exactly");
  app.add_option("--hours", options.hours, "of virtual time");
  app.add_option("--seconds", options.seconds,
                 "one seed after the other, for so many real seconds");
  app.add_option("--seeds", options.seeds, "these seeds first: a file with one a line");
  app.add_flag("--log", options.log, "the daemon's log to stderr");
  CLI11_PARSE(app, argc, argv);
  int failed = 0;
  if (!options.seeds.empty())
    for (const std::uint64_t seed : read_seeds(options.seeds))
      failed += passes(seed, options) ? 0 : 1;
  const auto end = steady_clock::now() + std::chrono::seconds(options.seconds);
  if (options.seeds.empty() || options.seconds > 0) {
    do failed += passes(options.seed++, options) ? 0 : 1;
    while (steady_clock::now() < end);
  }
  if (failed > 0)
    std::printf("%d seeds failed; run one again: simulation --seed N --hours %g --log\n", failed,
                options.hours);
  return failed > 0 ? 1 : 0;
}
