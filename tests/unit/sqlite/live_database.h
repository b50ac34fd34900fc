// A database with one writer in this process, and what SQLite itself says it contains.
#pragma once
#include <sqlite3.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <string>

#include "base/bytes.h"
#include "temp_folder.h"

class LiveDatabase {
 public:
  explicit LiveDatabase(std::uint32_t page_size = 4096) : path_(folder_.file("app.db")) {
    open();
    run("PRAGMA page_size=" + std::to_string(page_size));
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA wal_autocheckpoint=0");
    run("CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB)");
  }
  ~LiveDatabase() { close(); }
  const std::string& path() const { return path_; }
  std::string folder_file(const std::string& name) const { return folder_.file(name); }
  sqlite3* handle() const { return db_; }
  std::string folder() const { return folder_.path(); }

  void open() { BOOST_REQUIRE(sqlite3_open(path_.c_str(), &db_) == SQLITE_OK); }
  void close() {
    sqlite3_close(db_);
    db_ = nullptr;
  }
  void run(const std::string& sql) {
    char* error = nullptr;
    const int code = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, &error);
    BOOST_REQUIRE_MESSAGE(code == SQLITE_OK, sql << ": " << (error ? error : ""));
  }
  int try_run(const std::string& sql) {
    return sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  }
  void insert(int rows = 1, int bytes = 300) {
    run("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x<" +
        std::to_string(rows) + ") INSERT INTO t(b) SELECT randomblob(" + std::to_string(bytes) +
        ") FROM c");
  }
  // The machine stops: the log is as long as it was when it was last synced, the index is lost. The
  // application opens the database again. Nobody else may have it open.
  void lose_power(std::uint64_t log_bytes) {
    const std::string log = path_ + "-wal";
    std::filesystem::copy_file(log, log + "-kept");
    sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    close();
    std::filesystem::rename(log + "-kept", log);
    std::filesystem::resize_file(log, log_bytes);
    std::filesystem::remove(path_ + "-shm");
    open();
    run("PRAGMA wal_autocheckpoint=0");
  }
  // Restores another database over this one while it lives (sqlite3_backup).
  void copy_from(LiveDatabase& source) {
    sqlite3_backup* backup = sqlite3_backup_init(db_, "main", source.db_, "main");
    BOOST_REQUIRE(backup != nullptr);
    BOOST_TEST(sqlite3_backup_step(backup, -1) == SQLITE_DONE);
    BOOST_TEST(sqlite3_backup_finish(backup) == SQLITE_OK);
  }
  // The whole image as a reader sees it now.
  streamd::Bytes image() {
    sqlite3_int64 size = 0;
    unsigned char* raw = sqlite3_serialize(db_, "main", &size, 0);
    BOOST_REQUIRE(raw != nullptr);
    streamd::Bytes bytes(raw, raw + size);
    sqlite3_free(raw);
    return bytes;
  }

 private:
  const TempFolder folder_;
  const std::string path_;
  sqlite3* db_ = nullptr;
};
