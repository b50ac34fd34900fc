// One SQLite connection to the user's database, tamed: it never checkpoints by itself, never
// unlinks the log when it closes, never waits for a lock, and never parses the schema, so that odd
// schemas and missing modules do no harm. One that is not open fails at whatever it is asked. One
// thread at a time.
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
constexpr int kReadSlots = 5;  // kRead0 and the four behind it
constexpr IndexLock read_lock(int slot) {
  return static_cast<IndexLock>(static_cast<int>(IndexLock::kRead0) + slot);
}

// Process-wide settings of SQLite (small memory per connection). Call once, before any connection.
void initialise();

class Connection {
 public:
  Connection() = default;
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Opens the database file alone; the log follows with the first statement. kNotFound,
  // kPermission, kBusy (locking_mode=EXCLUSIVE elsewhere), kCorrupt, kIo.
  Status open(const std::string& path);
  void close();
  void swap(Connection& other) noexcept;
  bool is_open() const { return db_ != nullptr; }
  // The file may only be read: SQLite opens it all the same.
  bool read_only() const;

  // A shared lock on the database file, before anything was read: from now on no last close and no
  // change of the journal mode removes a log. Lets go with the first touch() of a database that is
  // not in WAL mode, otherwise with close(). kBusy when somebody is just doing that.
  Status hold();

  // As hold(), against everybody: false when another process has the database open. Nobody can open
  // it until close().
  bool hold_alone();

  // Reads the schema cookie and lets go: makes SQLite open the log, and recover its index if
  // needed.
  Status touch();
  Status begin_read();         // a read transaction at the newest commit
  Result<bool> begin_write();  // BEGIN IMMEDIATE, without waiting; false = somebody else writes
  void end();                  // ROLLBACK; nothing when no transaction is open

  // A PASSIVE checkpoint; false = another one is running.
  Result<bool> checkpoint();
  // A TRUNCATE checkpoint of a log that is in the database already; false = somebody reads it.
  Result<bool> truncate_log();
  // From now on it never takes the lock of writers, not even to repair what a reader may take for a
  // torn wal-index header (no_write_lock.h): no TRUNCATE, and no recovery of a log.
  void refuse_write_lock();
  // From now on this connection's close does what every application's does: the last one merges
  // the log into the database and removes it.
  void merge_when_last();

  // SQLite's own mapping of the wal-index: no descriptor of ours. Valid while the connection lives.
  Result<const volatile void*> map_index();
  // A block of the index (wal/encode.h) for who holds the write lock; made if it is not there.
  Result<volatile void*> map_index_block(std::uint32_t number);
  bool lock_shared(IndexLock lock);
  void unlock_shared(IndexLock lock);
  bool lock_exclusive(IndexLock lock);
  void unlock_exclusive(IndexLock lock);

  // PRAGMA journal_mode=WAL. kBusy when somebody has the database locked, however shortly.
  Status switch_to_wal();

  // The database file itself, not the log, through SQLite's own descriptor. Bytes past the end read
  // as zero.
  Status read_database(std::uint64_t offset, MutableBytes out);
  Result<std::uint64_t> database_size();

 private:
  // Prepared when first run: a connection that only holds a lock needs none.
  struct Statement {
    const char* sql;
    sqlite3_stmt* prepared = nullptr;
  };
  int prepare(Statement& statement);
  int run(Statement& statement);
  int begin(Statement& statement);
  Result<bool> run_checkpoint(int mode);
  bool change_lock(IndexLock lock, int flags);
  Error failed(int code, const char* what) const;

  std::string path_;
  sqlite3* db_ = nullptr;
  sqlite3_file* file_ = nullptr;
  Statement begin_{"BEGIN"}, begin_immediate_{"BEGIN IMMEDIATE"}, look_{"PRAGMA schema_version"},
      rollback_{"ROLLBACK"};
  bool ran_ = false;  // a statement: from then on SQLite closes what it has opened beside the file
};

}  // namespace streamd::sqlite
