// The content of the benchmark's databases: rows of an event log, three of them a transaction.
#pragma once
#include <sqlite3.h>

#include <cstdint>
#include <string>

#include "connection.h"
#include "random.h"

namespace bench {

// Text as applications store it: words of a small vocabulary, and an identifier that nothing
// compresses.
class Text {
 public:
  explicit Text(stress::Random& random) : random_(random) {}
  std::string body();

 private:
  stress::Random& random_;
};

// One prepared statement; ends the process when the statement cannot be prepared.
class Statement {
 public:
  Statement(stress::Connection& connection, const char* sql);
  ~Statement() { sqlite3_finalize(handle_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  Statement& bind(int at, std::int64_t value);
  Statement& bind(int at, const std::string& value);
  // False when the database was busy; any other failure ends the process.
  bool run();
  // The first column, as a number; 0 without a row.
  std::int64_t number();

 private:
  stress::Connection& connection_;
  sqlite3_stmt* handle_ = nullptr;
};

// Creates the tables in an existing or a new database, in WAL mode.
bool create_tables(stress::Connection& connection);

// The transactions of one connection.
class EventLog {
 public:
  EventLog(stress::Connection& connection, stress::Random& random);
  // How many transactions the database has seen: progress.n.
  std::int64_t transactions();
  // One transaction: `rows` new events and progress.n = n. False when the database was busy.
  bool append(std::int64_t n, int rows);
  // Changes the text of `rows` events that lie evenly over the table, in one transaction.
  bool change(int rows);

 private:
  bool commit_or_roll_back(bool fine);

  stress::Random& random_;
  Text text_;
  Statement begin_, commit_, roll_back_, insert_, update_, count_, read_, newest_;
};

}  // namespace bench
