// One SQLite connection as the stress programs use it: statements that may fail for lack of a lock,
// and nothing else.
#pragma once
#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace stress {

// What the driver learns from a program's exit code.
constexpr int kExitDamaged = 70;   // SQLite says the database is malformed
constexpr int kExitBadState = 71;  // a reader saw what no committed transaction has written

class Connection {
 public:
  // Opens an existing database; ok() tells whether that worked.
  static Connection existing(const std::string& path) { return {path, SQLITE_OPEN_READWRITE}; }
  static Connection create(const std::string& path) {
    return {path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE};
  }
  bool ok() const { return ok_; }
  sqlite3* raw() const { return handle_.get(); }

  // True when it ran. A busy or locked database is silent; every other error goes to stderr, and a
  // damaged database ends the process with kExitDamaged.
  bool execute(const std::string& sql);
  // The first column of the first row; nothing when the statement failed or gave no row.
  std::optional<std::int64_t> integer(const std::string& sql);
  void busy_timeout(int milliseconds) { sqlite3_busy_timeout(raw(), milliseconds); }

  // A transaction that is neither committed nor rolled back when this goes out of scope is rolled
  // back.
  class Transaction {
   public:
    Transaction(Connection& connection, const char* begin);
    ~Transaction() { rollback(); }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    bool open() const { return open_; }
    bool commit();
    void rollback();

   private:
    Connection& connection_;
    bool open_;
  };

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close(handle); }
  };
  Connection(const std::string& path, int flags);
  void complain(const std::string& sql, int code) const;
  std::unique_ptr<sqlite3, Close> handle_;
  bool ok_;
};

}  // namespace stress
