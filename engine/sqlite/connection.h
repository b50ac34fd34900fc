// One SQLite connection to the user's database, tamed: it never checkpoints by itself, never
// unlinks the log when it closes, never waits for a lock, and never parses the schema, so that odd
// schemas and missing modules do no harm. One thread at a time.
//
// POSIX locks: closing ANY descriptor of a database or of its -shm in this process drops all of the
// process's locks on that file. This folder is the only one that opens such files.
#pragma once
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;
struct sqlite3_file;

namespace streamd::sqlite {

// Locks of the wal-index that we name: byte 120 + slot of the -shm file.
enum class IndexLock : int { kWrite = 0, kCheckpoint = 1, kRecover = 2, kRead0 = 3 };

// Process-wide settings of SQLite (small memory per connection). Call once, before any connection.
void initialise();

class Connection {
 public:
  Connection() = default;
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // kNotFound, kPermission, kBusy (locking_mode=EXCLUSIVE elsewhere), kCorrupt, kIo.
  Status open(const std::string& path);
  void close();
  bool is_open() const { return db_ != nullptr; }

  // Reads the schema cookie and lets go: makes SQLite open the log, and recover its index if
  // needed.
  Status touch();
  Status begin_read();         // a read transaction at the newest commit
  Result<bool> begin_write();  // BEGIN IMMEDIATE, without waiting; false = somebody else writes
  void end();                  // ROLLBACK; nothing when no transaction is open
  bool in_transaction() const { return in_transaction_; }

  // A PASSIVE checkpoint; false = another one is running.
  Result<bool> checkpoint();

  // SQLite's own mapping of the wal-index: no descriptor of ours. Valid while the connection lives.
  Result<const volatile void*> map_index();
  bool lock_shared(IndexLock lock);
  void unlock_shared(IndexLock lock);
  bool lock_exclusive(IndexLock lock);
  void unlock_exclusive(IndexLock lock);

  // The database file itself, not the log, through SQLite's own descriptor. Bytes past the end read
  // as zero.
  Status read_database(std::uint64_t offset, MutableBytes out);
  Result<std::uint64_t> database_size();

 private:
  Status prepare(const char* sql, sqlite3_stmt** statement);
  int run(sqlite3_stmt* statement);
  Error failed(int code, const char* what) const;

  std::string path_;
  sqlite3* db_ = nullptr;
  sqlite3_file* file_ = nullptr;
  sqlite3_stmt *begin_ = nullptr, *begin_immediate_ = nullptr, *look_ = nullptr,
               *rollback_ = nullptr;
  bool in_transaction_ = false;
};

}  // namespace streamd::sqlite
