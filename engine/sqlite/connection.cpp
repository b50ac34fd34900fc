#include "sqlite/connection.h"

#include <sqlite3.h>

#include <utility>

#include "sqlite/no_write_lock.h"

namespace streamd::sqlite {
namespace {

constexpr int kIndexRegion = 32768;  // the size SQLite maps the wal-index in
constexpr int kNotOpen = SQLITE_MISUSE;

Code classify(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return Code::kBusy;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::kCorrupt;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return Code::kPermission;
    case SQLITE_CANTOPEN:
      return Code::kNotFound;
    case SQLITE_FULL:
      return Code::kNoSpace;
    default:
      return Code::kIo;
  }
}

}  // namespace

void initialise() {
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
  sqlite3_config(SQLITE_CONFIG_PAGECACHE, nullptr, 0, 0);
  sqlite3_initialize();
}

Error Connection::failed(int code, const char* what) const {
  return make_error(classify(code), std::string(what) + " " + path_ + ": " + sqlite3_errstr(code));
}

Status Connection::open(const std::string& path) {
  close();
  path_ = path;
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
  if (const int code = sqlite3_open_v2(path.c_str(), &db_, kFlags, nullptr)) {
    close();
    return failed(code, "open database");
  }
  sqlite3_wal_autocheckpoint(db_, 0);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_busy_timeout(db_, 0);
  sqlite3_file_control(db_, "main", SQLITE_FCNTL_FILE_POINTER, &file_);
  return {};
}

bool Connection::read_only() const {
  return db_ != nullptr && sqlite3_db_readonly(db_, "main") != 0;
}

void Connection::close() {
  if (db_ == nullptr) return;
  end();
  for (Statement* statement : {&begin_, &begin_immediate_, &look_, &rollback_})
    sqlite3_finalize(std::exchange(statement->prepared, nullptr));
  if (!std::exchange(ran_, false) && file_ != nullptr)
    file_->pMethods->xShmUnmap(file_,
                               0);  // what map_index() has mapped, nobody else would give back
  sqlite3_close(db_);
  db_ = nullptr;
  file_ = nullptr;
}

void Connection::swap(Connection& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(db_, other.db_);
  std::swap(file_, other.file_);
  std::swap(begin_, other.begin_);
  std::swap(begin_immediate_, other.begin_immediate_);
  std::swap(look_, other.look_);
  std::swap(rollback_, other.rollback_);
  std::swap(ran_, other.ran_);
}

// SQLite's own next step, taken early: its pager locks the same file object and finds it done.
Status Connection::hold() {
  if (file_ == nullptr) return failed(kNotOpen, "lock database");
  if (const int code = file_->pMethods->xLock(file_, SQLITE_LOCK_SHARED))
    return failed(code, "lock database");
  return {};
}

bool Connection::hold_alone() {
  return file_ != nullptr && file_->pMethods->xLock(file_, SQLITE_LOCK_EXCLUSIVE) == SQLITE_OK;
}

int Connection::prepare(Statement& statement) {
  if (db_ == nullptr) return kNotOpen;
  ran_ = true;
  if (statement.prepared != nullptr) return SQLITE_OK;
  return sqlite3_prepare_v3(db_, statement.sql, -1, SQLITE_PREPARE_PERSISTENT, &statement.prepared,
                            nullptr);
}

int Connection::run(Statement& statement) {
  if (const int code = prepare(statement)) return code;
  const int code = sqlite3_step(statement.prepared);
  sqlite3_reset(statement.prepared);
  return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

Status Connection::touch() {
  if (const int code = run(look_)) return failed(code, "read database");
  return {};
}

// What ends the transaction is made ready first: an end that lacks memory would keep the lock.
// After a failure SQLite alone knows whether a transaction is open.
int Connection::begin(Statement& statement) {
  if (const int code = prepare(rollback_)) return code;
  const int code = run(statement);
  if (code != SQLITE_OK) end();
  return code;
}

Status Connection::begin_read() {
  int code = begin(begin_);
  if (code == SQLITE_OK) code = run(look_);
  if (code == SQLITE_OK) return {};
  end();
  return failed(code, "begin reading");
}

Result<bool> Connection::begin_write() {
  const int code = begin(begin_immediate_);
  if ((code & 0xff) == SQLITE_BUSY) return false;
  if (code != SQLITE_OK) return failed(code, "lock database for writing");
  return true;
}

void Connection::end() {
  if (db_ != nullptr && sqlite3_get_autocommit(db_) == 0) run(rollback_);
}

Result<bool> Connection::checkpoint() {
  return run_checkpoint(SQLITE_CHECKPOINT_PASSIVE);
}
Result<bool> Connection::truncate_log() {
  return run_checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
}
void Connection::refuse_write_lock() {
  if (file_ != nullptr) file_->pMethods = without_write_lock(file_->pMethods);
}
void Connection::merge_when_last() {
  if (db_ != nullptr) sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
}

Result<bool> Connection::run_checkpoint(int mode) {
  if (db_ == nullptr) return failed(kNotOpen, "checkpoint");
  const int code = sqlite3_wal_checkpoint_v2(db_, "main", mode, nullptr, nullptr);
  if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED) return false;
  if (code != SQLITE_OK) return failed(code, "checkpoint");
  return true;
}

Status Connection::switch_to_wal() {
  if (db_ == nullptr) return failed(kNotOpen, "put into WAL mode");
  ran_ = true;
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(db_, "PRAGMA journal_mode=WAL", -1, &statement, nullptr);
  if (code != SQLITE_OK) return failed(code, "put into WAL mode");
  code = sqlite3_step(statement);
  std::string mode;
  if (code == SQLITE_ROW) mode = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
  code = sqlite3_finalize(statement);
  if (code != SQLITE_OK) return failed(code, "put into WAL mode");
  if (mode == "wal") return {};
  return make_error(Code::kNotWal, "put into WAL mode " + path_ + ": it stays in mode " + mode);
}

Result<const volatile void*> Connection::map_index() {
  if (file_ == nullptr) return failed(kNotOpen, "map the wal-index of");
  volatile void* mapping = nullptr;
  const int code = file_->pMethods->xShmMap(file_, 0, kIndexRegion, 0, &mapping);
  if (code != SQLITE_OK) return failed(code, "map the wal-index of");
  if (mapping == nullptr)
    return make_error(Code::kNotWal, "map the wal-index of " + path_ + ": there is none");
  return static_cast<const volatile void*>(mapping);
}

Result<volatile void*> Connection::map_index_block(std::uint32_t number) {
  if (file_ == nullptr) return failed(kNotOpen, "map the wal-index of");
  volatile void* mapping = nullptr;
  const int code =
      file_->pMethods->xShmMap(file_, static_cast<int>(number), kIndexRegion, 1, &mapping);
  if (code != SQLITE_OK) return failed(code, "map the wal-index of");
  return mapping;
}

bool Connection::change_lock(IndexLock lock, int flags) {
  return file_ != nullptr &&
         file_->pMethods->xShmLock(file_, static_cast<int>(lock), 1, flags) == SQLITE_OK;
}
bool Connection::lock_shared(IndexLock lock) {
  return change_lock(lock, SQLITE_SHM_LOCK | SQLITE_SHM_SHARED);
}
void Connection::unlock_shared(IndexLock lock) {
  change_lock(lock, SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED);
}
bool Connection::lock_exclusive(IndexLock lock) {
  return change_lock(lock, SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE);
}
void Connection::unlock_exclusive(IndexLock lock) {
  change_lock(lock, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
}

Status Connection::read_database(std::uint64_t offset, MutableBytes out) {
  if (file_ == nullptr) return failed(kNotOpen, "read database file");
  const int code = file_->pMethods->xRead(file_, out.data(), static_cast<int>(out.size()),
                                          static_cast<sqlite3_int64>(offset));
  if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ)
    return failed(code, "read database file");
  return {};
}

Result<std::uint64_t> Connection::database_size() {
  if (file_ == nullptr) return failed(kNotOpen, "measure database file");
  sqlite3_int64 size = 0;
  if (const int code = file_->pMethods->xFileSize(file_, &size))
    return failed(code, "measure database file");
  return static_cast<std::uint64_t>(size);
}

}  // namespace streamd::sqlite
