// A database with one writer in this process, and what SQLite itself says it contains.
#pragma once
#include <sqlite3.h>

#include <boost/test/unit_test.hpp>
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
