#include "sqlite/connection.h"

#include <sqlite3.h>

namespace streamd::sqlite {
namespace {

constexpr int kIndexRegion = 32768;  // the size SQLite maps the wal-index in

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
  TRY(prepare("BEGIN", &begin_));
  TRY(prepare("BEGIN IMMEDIATE", &begin_immediate_));
  TRY(prepare("PRAGMA schema_version", &look_));
  TRY(prepare("ROLLBACK", &rollback_));
  sqlite3_file_control(db_, "main", SQLITE_FCNTL_FILE_POINTER, &file_);
  return {};
}

void Connection::close() {
  if (db_ == nullptr) return;
  end();
  for (sqlite3_stmt** statement : {&begin_, &begin_immediate_, &look_, &rollback_}) {
    sqlite3_finalize(*statement);
    *statement = nullptr;
  }
  sqlite3_close(db_);
  db_ = nullptr;
  file_ = nullptr;
}

Status Connection::prepare(const char* sql, sqlite3_stmt** statement) {
  const int code = sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, nullptr);
  if (code != SQLITE_OK) return failed(code, "use database");
  return {};
}

int Connection::run(sqlite3_stmt* statement) {
  const int code = sqlite3_step(statement);
  sqlite3_reset(statement);
  return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

Status Connection::touch() {
  if (const int code = run(look_)) return failed(code, "read database");
  return {};
}

Status Connection::begin_read() {
  if (const int code = run(begin_)) return failed(code, "begin reading");
  in_transaction_ = true;
  if (const int code = run(look_)) {
    end();
    return failed(code, "begin reading");
  }
  return {};
}

Result<bool> Connection::begin_write() {
  const int code = run(begin_immediate_);
  if ((code & 0xff) == SQLITE_BUSY) return false;
  if (code != SQLITE_OK) return failed(code, "lock database for writing");
  in_transaction_ = true;
  return true;
}

void Connection::end() {
  if (!in_transaction_) return;
  run(rollback_);
  in_transaction_ = false;
}

Result<bool> Connection::checkpoint() {
  const int code =
      sqlite3_wal_checkpoint_v2(db_, "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED) return false;
  if (code != SQLITE_OK) return failed(code, "checkpoint");
  return true;
}

Result<const volatile void*> Connection::map_index() {
  volatile void* mapping = nullptr;
  const int code = file_->pMethods->xShmMap(file_, 0, kIndexRegion, 0, &mapping);
  if (code != SQLITE_OK) return failed(code, "map the wal-index of");
  if (mapping == nullptr)
    return make_error(Code::kNotWal, "map the wal-index of " + path_ + ": there is none");
  return static_cast<const volatile void*>(mapping);
}

bool Connection::lock_shared(IndexLock lock) {
  constexpr int kFlags = SQLITE_SHM_LOCK | SQLITE_SHM_SHARED;
  return file_->pMethods->xShmLock(file_, static_cast<int>(lock), 1, kFlags) == SQLITE_OK;
}
void Connection::unlock_shared(IndexLock lock) {
  file_->pMethods->xShmLock(file_, static_cast<int>(lock), 1,
                            SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED);
}
bool Connection::lock_exclusive(IndexLock lock) {
  constexpr int kFlags = SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE;
  return file_->pMethods->xShmLock(file_, static_cast<int>(lock), 1, kFlags) == SQLITE_OK;
}
void Connection::unlock_exclusive(IndexLock lock) {
  file_->pMethods->xShmLock(file_, static_cast<int>(lock), 1,
                            SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
}

Status Connection::read_database(std::uint64_t offset, MutableBytes out) {
  const int code = file_->pMethods->xRead(file_, out.data(), static_cast<int>(out.size()),
                                          static_cast<sqlite3_int64>(offset));
  if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ)
    return failed(code, "read database file");
  return {};
}

Result<std::uint64_t> Connection::database_size() {
  sqlite3_int64 size = 0;
  if (const int code = file_->pMethods->xFileSize(file_, &size))
    return failed(code, "measure database file");
  return static_cast<std::uint64_t>(size);
}

}  // namespace streamd::sqlite
