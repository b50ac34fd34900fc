// Readers that hold snapshots for a while and check in each that the database's invariants are
// true.
#include <unistd.h>

#include <cstdio>

#include "schema.h"

namespace stress {
namespace {

// Ends the process when the snapshot breaks an invariant; a statement that could not run says
// nothing.
void check_snapshot(Connection& connection) {
  const auto balance = connection.integer("SELECT sum(balance) FROM account");
  const auto version = connection.integer("PRAGMA user_version");
  const auto newest = connection.integer("SELECT coalesce(max(n), 0) FROM ledger");
  const bool balanced = !balance || *balance == 0;
  const bool counted = !version || !newest || *version == *newest;
  if (balanced && counted) return;
  std::fprintf(
      stderr, "process %d, SQLite %s: a reader saw balance %lld, user_version %lld, ledger %lld\n",
      getpid(), sqlite3_libversion(), static_cast<long long>(balance.value_or(0)),
      static_cast<long long>(version.value_or(-1)), static_cast<long long>(newest.value_or(-1)));
  _exit(kExitBadState);
}

void read_for_a_while(Connection& connection, Session& session) {
  connection.busy_timeout(5000);
  for (std::uint32_t rounds = 1 + session.random.below(8); rounds > 0 && !session.over();
       --rounds) {
    Connection::Transaction snapshot(connection, "BEGIN");
    if (!snapshot.open()) continue;
    check_snapshot(connection);
    session.sleep_up_to_us(session.random.one_in(4) ? 1500000 : 60000);
    check_snapshot(connection);
    snapshot.commit();
    session.sleep_up_to_us(30000);
  }
}

}  // namespace

int run_reader(const Options& options) {
  Session session(options);
  while (!session.over()) {
    Connection connection = Connection::existing(options.database);
    if (connection.ok()) read_for_a_while(connection, session);
    session.sleep_up_to_us(100000);
  }
  return 0;
}

}  // namespace stress
