// bench_writer MODE DATABASE... [options]: the application of the benchmark. Every mode prints one
// line of JSON; times in it are CLOCK_MONOTONIC nanoseconds unless it says otherwise.
#include <fmt/core.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <thread>
#include <vector>

#include "rows.h"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::vector<std::string> databases;
  std::uint64_t seed = 1;
  std::int64_t transactions = 1000;
  int rows = 3;
  std::int64_t pace_us = 0;
  std::uint32_t jitter_us = 0;
  int busy_timeout = 10'000;
  std::string synchronous = "NORMAL";
  std::int64_t megabytes = 100;
  std::string commits;
};

struct Commit {
  std::int64_t n;
  Clock::time_point began, done;
  std::chrono::system_clock::time_point done_by_calendar;
};

template <typename Point>
std::int64_t nanoseconds(Point point) {
  return std::chrono::nanoseconds(point.time_since_epoch()).count();
}

stress::Connection opened(const std::string& path, const Options& options) {
  stress::Connection connection = stress::Connection::create(path);
  if (!connection.ok()) throw std::runtime_error("cannot open " + path);
  connection.busy_timeout(10'000);
  if (!create_tables(connection)) throw std::runtime_error("cannot create tables in " + path);
  connection.busy_timeout(options.busy_timeout);
  connection.execute("PRAGMA synchronous=" + options.synchronous);
  return connection;
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// One line a commit: number, monotonic time, calendar time.
void write_commits(const std::string& path, const std::vector<Commit>& commits) {
  if (path.empty()) return;
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (!file) throw std::runtime_error("cannot write " + path);
  for (const Commit& commit : commits)
    fmt::print(file, "{} {} {}\n", commit.n, nanoseconds(commit.done),
               nanoseconds(commit.done_by_calendar));
  if (std::fclose(file) != 0) throw std::runtime_error("cannot write " + path);
}

void print_run(const std::vector<Commit>& commits, int busy) {
  std::vector<double> took;
  for (const Commit& commit : commits)
    took.push_back(std::chrono::duration<double, std::milli>(commit.done - commit.began).count());
  std::sort(took.begin(), took.end());
  const auto at = [&](double share) {
    const auto index = static_cast<std::size_t>(share * static_cast<double>(took.size()));
    return took.empty() ? 0 : took[std::min(took.size() - 1, index)];
  };
  const double seconds =
      commits.empty()
          ? 0
          : std::chrono::duration<double>(commits.back().done - commits.front().began).count();
  fmt::print(
      "{{\"transactions\":{},\"seconds\":{:.4f},\"per_second\":{:.1f},\"p50_ms\":{:.4f},"
      "\"p99_ms\":{:.4f},\"max_ms\":{:.3f},\"busy\":{},\"cpu_seconds\":{:.3f}}}\n",
      commits.size(), seconds, seconds > 0 ? static_cast<double>(commits.size()) / seconds : 0,
      at(.5), at(.99), at(1), busy, cpu_seconds());
}

// A fixed number of transactions, paced or as fast as they go.
int run(const Options& options) {
  stress::Connection connection = opened(options.databases.at(0), options);
  stress::Random random(options.seed);
  EventLog log(connection, random);
  std::int64_t n = log.transactions();
  const std::int64_t last = n + options.transactions;
  std::vector<Commit> commits;
  commits.reserve(static_cast<std::size_t>(options.transactions));
  int busy = 0;
  auto due = Clock::now();
  while (n < last) {
    if (options.pace_us > 0) {
      const auto extra = options.jitter_us > 0 ? random.below(options.jitter_us) : 0;
      due = std::max(due + std::chrono::microseconds(options.pace_us + extra), Clock::now());
      std::this_thread::sleep_until(due);
    }
    const auto began = Clock::now();
    if (!log.append(n + 1, options.rows)) {
      ++busy;
      continue;
    }
    commits.push_back({++n, began, Clock::now(), std::chrono::system_clock::now()});
  }
  write_commits(options.commits, commits);
  print_run(commits, busy);
  return 0;
}

// A database of about so many megabytes, all of it in the database file.
int fill(const Options& options) {
  stress::Connection connection = opened(options.databases.at(0), options);
  connection.execute("PRAGMA synchronous=OFF");
  stress::Random random(options.seed);
  EventLog log(connection, random);
  Statement pages(connection, "PRAGMA page_count");
  std::int64_t n = log.transactions();
  // Index pages are dirtied at random: large transactions keep the log small.
  while (pages.number() * 4096 < options.megabytes * 1'000'000)
    if (!log.append(++n, 20'000)) return 1;
  if (!connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")) return 1;
  fmt::print("{{\"transactions\":{},\"bytes\":{}}}\n", n, pages.number() * 4096);
  return 0;
}

// Changes `rows` rows in one transaction.
int change(const Options& options) {
  stress::Connection connection = opened(options.databases.at(0), options);
  stress::Random random(options.seed + 1000);
  EventLog log(connection, random);
  if (!log.change(options.rows)) return 1;
  fmt::print("{{\"transactions\":{}}}\n", log.transactions());
  return 0;
}

// One transaction in each database, one after the other, all connections open before.
int each(const Options& options) {
  stress::Random random(options.seed);
  std::vector<stress::Connection> connections;
  for (const auto& path : options.databases) connections.push_back(opened(path, options));
  std::vector<std::unique_ptr<EventLog>> logs;
  for (auto& connection : connections)
    logs.push_back(std::make_unique<EventLog>(connection, random));
  const auto began = Clock::now();
  for (auto& log : logs)
    if (!log->append(log->transactions() + 1, options.rows)) return 1;
  fmt::print("{{\"began\":{},\"done\":{}}}\n", nanoseconds(began), nanoseconds(Clock::now()));
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  using bench::Options;
  const std::map<std::string, int (*)(const Options&)> modes = {
      {"run", bench::run}, {"fill", bench::fill}, {"change", bench::change}, {"each", bench::each}};
  Options options;
  std::string mode;
  CLI::App app("the application of the benchmark");
  app.add_option("mode", mode, "run, fill, change or each")
      ->required()
      ->check(CLI::IsMember(modes));
  app.add_option("databases", options.databases)->required();
  app.add_option("--seed", options.seed, "fixes the content");
  app.add_option("--transactions", options.transactions, "run: how many");
  app.add_option("--rows", options.rows, "rows a transaction");
  app.add_option("--pace-us", options.pace_us, "run: microseconds from one to the next");
  app.add_option("--jitter-us", options.jitter_us, "run: up to so many more, at random");
  app.add_option("--busy-timeout", options.busy_timeout, "milliseconds");
  app.add_option("--synchronous", options.synchronous, "the pragma's value");
  app.add_option("--megabytes", options.megabytes, "fill: size of the database");
  app.add_option("--commits", options.commits, "run: file for number and times of each commit");
  CLI11_PARSE(app, argc, argv);
  try {
    return modes.at(mode)(options);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "bench_writer: {}\n", problem.what());
    return 1;
  }
}
