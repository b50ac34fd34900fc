// One writer with small transactions, and how long its commits took: what an application notices of
// us.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "schema.h"

namespace stress {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

bool commit_rows(Connection& connection, Session& session, std::int64_t n, int rows) {
  Connection::Transaction transaction(connection, "BEGIN IMMEDIATE");
  if (!transaction.open()) return false;
  // Earlier rows go below zero, so that max(n) stays the transaction's number.
  for (int row = 0; row < rows; ++row) {
    const std::int64_t key = row == 0 ? n : -(n * 1000 + row);
    if (!connection.execute(fmt::format("INSERT INTO ledger VALUES({}, 1, {}, randomblob(300))",
                                        key, session.random.below(1000))))
      return false;
  }
  return connection.execute(fmt::format("PRAGMA user_version={}", n)) && transaction.commit();
}

void print_latencies(std::vector<double> latencies, double seconds, int busy) {
  if (latencies.empty()) return;
  std::sort(latencies.begin(), latencies.end());
  const auto at = [&](double share) {
    const auto index = static_cast<std::size_t>(share * static_cast<double>(latencies.size()));
    return latencies[std::min(latencies.size() - 1, index)];
  };
  fmt::print(
      "{{\"transactions\":{},\"per_second\":{:.0f},\"p50_ms\":{:.3f},\"p99_ms\":{:.3f},"
      "\"p999_ms\":{:.3f},\"max_ms\":{:.3f},\"busy\":{}}}\n",
      latencies.size(), static_cast<double>(latencies.size()) / seconds, at(.5), at(.99), at(.999),
      latencies.back(), busy);
}

}  // namespace

int run_bench(const Options& options) {
  if (!create_database(options)) return 1;
  Connection connection = Connection::existing(options.database);
  if (!connection.ok()) return 1;
  connection.busy_timeout(10000);
  connection.execute("PRAGMA synchronous=" + options.synchronous);
  std::int64_t n = connection.integer("PRAGMA user_version").value_or(0);
  Session session(options);
  std::vector<double> latencies;
  int busy = 0;
  auto due = Clock::now();
  while (!session.over()) {
    due = std::max(due + std::chrono::microseconds(options.pace_us), Clock::now());
    std::this_thread::sleep_until(due);
    const auto start = Clock::now();
    if (commit_rows(connection, session, n + 1, options.rows)) {
      ++n;
      latencies.push_back(milliseconds_since(start));
    } else {
      ++busy;
    }
  }
  print_latencies(std::move(latencies), options.seconds, busy);
  return 0;
}

}  // namespace stress
