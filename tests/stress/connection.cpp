#include "connection.h"

#include <unistd.h>

#include <cstdio>

namespace stress {

Connection::Connection(const std::string& path, int flags) {
  sqlite3* handle = nullptr;
  ok_ = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr) == SQLITE_OK;
  handle_.reset(handle);
}

void Connection::complain(const std::string& sql, int code) const {
  const int primary = code & 0xff;
  if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) return;
  std::fprintf(stderr, "process %d, SQLite %s: %s: %s (%d)\n", getpid(), sqlite3_libversion(),
               sql.c_str(), sqlite3_errmsg(raw()), code);
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) _exit(kExitDamaged);
}

bool Connection::execute(const std::string& sql) {
  const int code = sqlite3_exec(raw(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) complain(sql, code);
  return code == SQLITE_OK;
}

std::optional<std::int64_t> Connection::integer(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(raw(), sql.c_str(), -1, &statement, nullptr);
  std::optional<std::int64_t> value;
  if (code == SQLITE_OK) {
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) value = sqlite3_column_int64(statement, 0);
  }
  if (code != SQLITE_ROW && code != SQLITE_DONE) complain(sql, code);
  sqlite3_finalize(statement);
  return value;
}

Connection::Transaction::Transaction(Connection& connection, const char* begin)
    : connection_(connection), open_(connection.execute(begin)) {}

bool Connection::Transaction::commit() {
  if (!open_ || !connection_.execute("COMMIT")) return false;
  open_ = false;
  return true;
}

void Connection::Transaction::rollback() {
  // A failed COMMIT or a full disk may have ended it already.
  if (open_ && sqlite3_get_autocommit(connection_.raw()) == 0) connection_.execute("ROLLBACK");
  open_ = false;
}

}  // namespace stress
