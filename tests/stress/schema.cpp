#include "schema.h"

namespace stress {

bool create_database(const Options& options) {
  Connection connection = Connection::create(options.database);
  if (!connection.ok()) return false;
  connection.busy_timeout(10000);
  connection.execute("PRAGMA page_size=" + std::to_string(options.page_size));
  connection.execute("PRAGMA auto_vacuum=" + std::to_string(options.auto_vacuum));
  connection.execute("PRAGMA journal_mode=WAL");
  Connection::Transaction transaction(connection, "BEGIN IMMEDIATE");
  return transaction.open() &&
         connection.execute(
             "CREATE TABLE IF NOT EXISTS account(id INTEGER PRIMARY KEY, balance INTEGER);"
             "CREATE TABLE IF NOT EXISTS ledger(n INTEGER PRIMARY KEY, writer INTEGER, amount "
             "INTEGER, pad BLOB);"
             "CREATE INDEX IF NOT EXISTS ledger_by_amount ON ledger(amount);"
             "CREATE TABLE IF NOT EXISTS blobs(id INTEGER PRIMARY KEY, n INTEGER, content BLOB);"
             "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < " +
             std::to_string(kAccounts) + ") INSERT OR IGNORE INTO account SELECT x, 0 FROM c") &&
         transaction.commit();
}

}  // namespace stress
