#include "application.h"

#include <algorithm>
#include <filesystem>

#include "base/hash.h"

namespace simulation {
namespace {

namespace fs = std::filesystem;

constexpr int kPatience = 30'000;  // milliseconds that the application waits for a lock
constexpr std::int64_t kMostPages = 300;
constexpr const char* kPageSizes[] = {"512", "1024", "4096", "4096", "8192"};
constexpr int kModes[] = {SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_FULL,
                          SQLITE_CHECKPOINT_RESTART, SQLITE_CHECKPOINT_TRUNCATE};

std::string text(std::uint64_t number) {
  return std::to_string(number);
}

}  // namespace

std::uint64_t image_hash(streamd::ByteView image) {
  return streamd::xxh3(image);
}

Application::Application(std::string path, std::uint64_t seed)
    : path_(std::move(path)), random_(seed) {
  const bool is_new = !fs::exists(path_);
  begin();
  if (!is_new) {
    open();
    wall_ = wall() / 1000;
    record();
    return;
  }
  run(std::string("PRAGMA page_size=") + kPageSizes[random_.below(std::size(kPageSizes))]);
  if (random_.one_in(3)) run("PRAGMA auto_vacuum=" + text(random_.between(1, 2)));
  run("PRAGMA journal_mode=WAL");
  open();
  wall_ = wall() / 1000;
  run("CREATE TABLE t0(id INTEGER PRIMARY KEY, b BLOB)");
  record();
}

void Application::begin() {
  if (sqlite3_open(path_.c_str(), &writer_) != SQLITE_OK)
    fail("the application cannot open its database");
  sqlite3_busy_timeout(writer_, kPatience);
}

void Application::open() {
  if (writer_ == nullptr) begin();
  run("PRAGMA wal_autocheckpoint=" + text(random_.one_in(3) ? 0 : random_.between(5, 1000)));
  run(random_.one_in(2) ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL");
}

void Application::close() {
  end_read();
  if (writer_ != nullptr && sqlite3_close(writer_) != SQLITE_OK)
    fail("the application cannot close its database");
  writer_ = nullptr;
}

bool Application::run(const std::string& sql) {
  const int code = sqlite3_exec(writer_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return true;
  const std::string why = sqlite3_errmsg(writer_);
  if (sqlite3_get_autocommit(writer_) == 0)
    sqlite3_exec(writer_, "ROLLBACK", nullptr, nullptr, nullptr);
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED) return false;
  fail("the application: " + sql + ": " + why);
}

// What a reader sees now.
void Application::record() {
  sqlite3_int64 size = 0;
  unsigned char* raw = sqlite3_serialize(writer_, "main", &size, 0);
  if (raw == nullptr) fail("no image");
  const std::uint64_t image = image_hash({raw, static_cast<std::size_t>(size)});
  sqlite3_free(raw);
  if (!commits_.empty() && commits_.back().image == image) return;
  by_image_[image].push_back(commits_.size());
  commits_.push_back({image, wall_, elapsed()});
  note("commit " + text(image));
}

std::int64_t Application::commit_with(std::uint64_t image, std::size_t not_before) const {
  const auto found = by_image_.find(image);
  if (found == by_image_.end()) return -1;
  const auto first = std::lower_bound(found->second.begin(), found->second.end(), not_before);
  return first == found->second.end() ? -1 : static_cast<std::int64_t>(*first);
}

std::int64_t Application::ask(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(writer_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK ||
      sqlite3_step(statement) != SQLITE_ROW)
    fail("the application: " + sql + ": " + sqlite3_errmsg(writer_));
  const std::int64_t answer = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return answer;
}

void Application::change() {
  const auto tables =
      static_cast<std::uint64_t>(ask("SELECT count(*) FROM sqlite_master WHERE type = 'table'"));
  const std::string table = "t" + text(random_.below(tables));
  const std::string some = "(SELECT id FROM " + table + " ORDER BY (id * " +
                           text(random_.between(1, 99991)) + ") % 100003 LIMIT " +
                           text(random_.between(1, 12)) + ")";
  const bool full = ask("PRAGMA page_count") > kMostPages;
  const std::uint32_t what = random_.below(100);
  if (full || what < 12) {
    run("DELETE FROM " + table + (full ? " WHERE id % 3 != 0" : " WHERE id IN " + some));
  } else if (what < 30) {
    run("UPDATE " + table + " SET b = randomblob(" + text(random_.between(1, 3000)) +
        ") WHERE id IN " + some);
  } else if (what < 33 && tables < 6) {
    run("CREATE TABLE t" + text(tables) + "(id INTEGER PRIMARY KEY, b BLOB)");
  } else if (what < 35) {
    run("CREATE INDEX IF NOT EXISTS i_" + table + " ON " + table + "(b)");
  } else if (what < 37) {
    run("DROP INDEX IF EXISTS i_" + table);
  } else {
    run("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x<" +
        text(random_.one_in(20) ? random_.between(20, 120) : random_.between(1, 4)) +
        ") INSERT INTO " + table + "(b) SELECT randomblob(" + text(random_.between(1, 2500)) +
        ") FROM c");
  }
}

void Application::write() {
  wall_ = wall() / 1000;
  if (random_.one_in(40)) {  // as large as the log: another one is likely
    if (!run("PRAGMA user_version=" + text(random_.below(1u << 30)))) return;
    return record();
  }
  if (!run("BEGIN IMMEDIATE")) return;
  for (std::uint32_t i = random_.between(1, 3); i > 0; --i) change();
  if (random_.one_in(4)) yield();
  if (random_.one_in(15)) {
    run("ROLLBACK");
    return;
  }
  wall_ = wall() / 1000;
  if (run("COMMIT")) record();
}

void Application::begin_read() {
  if (reader_ != nullptr || sqlite3_open(path_.c_str(), &reader_) != SQLITE_OK) return;
  sqlite3_busy_timeout(reader_, kPatience);
  sqlite3_exec(reader_, "BEGIN; SELECT count(*) FROM t0", nullptr, nullptr, nullptr);
}

void Application::end_read() {
  sqlite3_close(reader_);
  reader_ = nullptr;
}

// Locks of the same process are not seen as others' are: a mode that waits may not get what it
// wants.
void Application::checkpoint() {
  sqlite3_busy_timeout(writer_, 500);
  sqlite3_wal_checkpoint_v2(writer_, nullptr, kModes[random_.below(std::size(kModes))], nullptr,
                            nullptr);
  sqlite3_busy_timeout(writer_, kPatience);
}

void Application::vacuum() {
  wall_ = wall() / 1000;
  if (run(random_.one_in(3) ? "PRAGMA incremental_vacuum(7)" : "VACUUM")) record();
}

void Application::remember_file() {
  if (fs::exists(path_ + "-wal")) return;
  fs::copy_file(path_, path_ + ".kept", fs::copy_options::overwrite_existing);
  remembered_ = true;
}

void Application::bring_back_file() {
  if (!remembered_ || fs::exists(path_ + "-wal")) return;
  fs::copy_file(path_ + ".kept", path_ + ".new", fs::copy_options::overwrite_existing);
  fs::rename(path_ + ".new", path_);
  begin();
  wall_ = wall() / 1000;
  run("PRAGMA user_version=" + text(random_.below(1u << 30)));  // so that no two commits look alike
  record();
  close();
}

}  // namespace simulation
