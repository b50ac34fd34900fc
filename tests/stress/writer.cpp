// The mixed workload: everything an application may do to a database in WAL mode, in random order.
#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

#include "schema.h"

namespace stress {
namespace {

class Writer {
 public:
  Writer(const Options& options, Pace pace) : options_(options), pace_(pace), session_(options) {
    if (!options.log.empty()) log_ = std::fopen(options.log.c_str(), "a");
  }
  ~Writer() {
    if (log_ != nullptr) std::fclose(log_);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  void run();

 private:
  void live(Connection& connection);
  void choose_settings(Connection& connection);
  void step(Connection& connection);
  void checkpoint(Connection& connection);
  void transaction(Connection& connection);
  bool transfer(Connection& connection, std::int64_t n);
  bool extras(Connection& connection, std::int64_t n);
  bool bulk(Connection& connection, std::int64_t n);
  bool change_schema(Connection& connection);
  void breathe();

  const Options& options_;
  const Pace pace_;
  Session session_;
  std::FILE* log_ = nullptr;
};

void Writer::run() {
  while (!session_.over()) {
    Connection connection = Connection::existing(options_.database);
    if (!connection.ok()) {
      session_.sleep_up_to_us(40000);
      continue;
    }
    live(connection);
    if (session_.random.one_in(5)) _exit(0);  // an application that leaves without closing
  }
}

void Writer::live(Connection& connection) {
  choose_settings(connection);
  for (std::uint32_t steps = 20 + session_.random.below(400); steps > 0 && !session_.over();
       --steps) {
    step(connection);
    breathe();
  }
}

void Writer::choose_settings(Connection& connection) {
  Random& random = session_.random;
  static constexpr int kAutoCheckpoints[] = {1000, 1000, 0, 10, 100, 300};
  connection.busy_timeout(static_cast<int>(2000 + random.below(6000)));
  connection.execute(random.one_in(3) ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
  sqlite3_wal_autocheckpoint(connection.raw(), random.pick(kAutoCheckpoints));
  if (random.one_in(3)) connection.execute("PRAGMA cache_size=10");  // spills inside transactions
  if (random.one_in(6)) connection.execute("PRAGMA journal_size_limit=100000");
  if (random.one_in(4)) connection.execute("PRAGMA mmap_size=268435456");
}

void Writer::step(Connection& connection) {
  const std::uint32_t choice = session_.random.below(1000);
  if (choice < 6) {
    checkpoint(connection);
  } else if (choice < 8) {
    connection.execute("VACUUM");
  } else if (choice < 10) {
    connection.execute("PRAGMA incremental_vacuum(50)");
  } else {
    transaction(connection);
  }
}

void Writer::checkpoint(Connection& connection) {
  static constexpr int kModes[] = {SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_FULL,
                                   SQLITE_CHECKPOINT_RESTART, SQLITE_CHECKPOINT_TRUNCATE,
                                   SQLITE_CHECKPOINT_TRUNCATE};
  connection.busy_timeout(static_cast<int>(session_.random.below(400)));
  sqlite3_wal_checkpoint_v2(connection.raw(), nullptr, session_.random.pick(kModes), nullptr,
                            nullptr);
  connection.busy_timeout(4000);
}

void Writer::transaction(Connection& connection) {
  Connection::Transaction transaction(connection, "BEGIN IMMEDIATE");
  if (!transaction.open()) return session_.sleep_up_to_us(4000);
  const auto version = connection.integer("PRAGMA user_version");
  if (!version) return;
  const std::int64_t n = *version + 1;
  if (!transfer(connection, n) || !extras(connection, n)) return;
  if (!connection.execute(fmt::format("PRAGMA user_version={}", n))) return;
  if (session_.random.one_in(29)) return;  // changes its mind
  if (transaction.commit() && log_ != nullptr) {
    fmt::print(log_, "{}\n", n);
    std::fflush(log_);
  }
}

bool Writer::transfer(Connection& connection, std::int64_t n) {
  Random& random = session_.random;
  const std::uint32_t amount = random.below(1000);
  return connection.execute(
      fmt::format("INSERT INTO ledger VALUES({0}, {1}, {2}, randomblob({3}));"
                  "UPDATE account SET balance = balance - {2} WHERE id = {4};"
                  "UPDATE account SET balance = balance + {2} WHERE id = {5}",
                  n, getpid(), amount, random.below(600), 1 + random.below(kAccounts),
                  1 + random.below(kAccounts)));
}

bool Writer::extras(Connection& connection, std::int64_t n) {
  Random& random = session_.random;
  if (random.one_in(5) &&
      !connection.execute(fmt::format("INSERT INTO blobs(n, content) VALUES({}, randomblob({}))", n,
                                      random.below(20000))))
    return false;
  if (random.one_in(66) && !bulk(connection, n)) return false;
  if (random.one_in(41) &&
      !connection.execute("SAVEPOINT s; UPDATE blobs SET content = zeroblob(length(content)) "
                          "WHERE id % 3 = 0; ROLLBACK TO s; RELEASE s"))
    return false;
  if (random.one_in(37) &&
      !connection.execute("DELETE FROM blobs WHERE id IN (SELECT id FROM blobs ORDER BY id "
                          "LIMIT (SELECT count(*) / 3 FROM blobs))"))
    return false;
  if (random.one_in(53) &&
      !connection.execute("DELETE FROM ledger WHERE n < (SELECT max(n) - 3000 FROM ledger)"))
    return false;
  return !random.one_in(48) || change_schema(connection);
}

// A large transaction; one in fifteen has thousands of pages.
bool Writer::bulk(Connection& connection, std::int64_t n) {
  return connection.execute(fmt::format(
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < {}) "
      "INSERT INTO blobs(n, content) SELECT {}, randomblob(700 + abs(random()) % 900) FROM c",
      session_.random.one_in(15) ? 2500 : 200, n));
}

bool Writer::change_schema(Connection& connection) {
  const std::uint32_t table = session_.random.below(7);
  if (session_.random.one_in(2))
    return connection.execute(fmt::format("DROP TABLE IF EXISTS extra{}", table));
  return connection.execute(fmt::format(
      "CREATE TABLE IF NOT EXISTS extra{0}(a, b); INSERT INTO extra{0} VALUES(1, randomblob(3000));"
      "CREATE INDEX IF NOT EXISTS extra{0}_by_b ON extra{0}(b)",
      table));
}

void Writer::breathe() {
  switch (pace_) {
    case Pace::kSlow:
      return session_.sleep_up_to_us(20000);
    case Pace::kHot:
      if (session_.random.one_in(40)) session_.sleep_up_to_us(2000);
      return;
    case Pace::kMixed:
      if (session_.random.one_in(3)) session_.sleep_up_to_us(3000);
      return;
  }
}

}  // namespace

int run_writer(const Options& options, Pace pace) {
  Writer(options, pace).run();
  return 0;
}

}  // namespace stress
