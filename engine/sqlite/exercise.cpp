#include "sqlite/exercise.h"

#include <sqlite3.h>

#include <iterator>
#include <random>

#include "base/file.h"
#include "base/hash.h"
#include "sqlite/log_use.h"

namespace streamd::sqlite {
namespace {

constexpr int kPatience = 60'000;  // milliseconds
constexpr std::size_t kChunk = 4 * kMiB;
constexpr int kModes[] = {SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_FULL,
                          SQLITE_CHECKPOINT_RESTART, SQLITE_CHECKPOINT_TRUNCATE};
constexpr const char kTable[] = "streamd_torture";

sqlite3* handle(void* database) {
  return static_cast<sqlite3*>(database);
}

// Nobody has it open: no file beside it that SQLite makes, no lock on it.
Status must_be_unused(const std::string& path, const struct stat& info) {
  const std::string hint = "give a copy that nobody uses: sqlite3 app.db \".backup copy.db\"";
  for (const char* end : {"-wal", "-shm", "-journal"})
    if (TRY(stat_path(path + end)))
      return make_error(Code::kBusy, path + " is in use, or was: there is a " + name_of(path) + end,
                        hint);
  if (!TRY(locks_on(info)).empty())
    return make_error(Code::kBusy, path + " is in use: somebody has it locked", hint);
  return {};
}

Status copy_bytes(const std::string& from, const std::string& to) {
  const File in = TRY(File::open_read(from));
  File out = TRY(File::create_new(to));
  Bytes chunk(kChunk);
  for (std::uint64_t at = 0;;) {
    const std::size_t got = TRY(in.read_some_at(at, chunk));
    if (got == 0) return {};
    TRY(out.write_at(at, ByteView(chunk).first(got)));
    at += got;
  }
}

std::string some_change(std::mt19937_64& random) {
  const auto between = [&](std::uint64_t low, std::uint64_t high) {
    return std::to_string(low + random() % (high - low + 1));
  };
  const std::string table = kTable;
  switch (random() % 8) {
    case 0:
      return "DELETE FROM " + table + " WHERE id % 7 = " + between(0, 6);
    case 1:
    case 2:
      return "UPDATE " + table + " SET content = randomblob(" + between(1, 5000) +
             ") WHERE id % 11 = " + between(0, 10);
    case 3:
      return "CREATE INDEX IF NOT EXISTS streamd_torture_i ON " + table + "(content)";
    case 4:
      return "DROP INDEX IF EXISTS streamd_torture_i";
    default:
      return "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < " +
             between(1, 40) + ") INSERT INTO " + table + "(content) SELECT randomblob(" +
             between(1, 3000) + ") FROM c";
  }
}

}  // namespace

Status copy_unused(const std::string& from, const std::string& to) {
  const auto info = TRY(stat_path(from));
  if (!info) return make_error(Code::kNotFound, from + ": there is no such file");
  if (!S_ISREG(info->st_mode)) return make_error(Code::kUsage, from + " is no file");
  if (static_cast<std::uint64_t>(info->st_size) > kMostToExercise)
    return make_error(Code::kUsage, from + " is larger than 2 GiB",
                      "give a smaller database with the same schema");
  TRY(must_be_unused(from, *info));
  TRY(copy_bytes(from, to));
  auto copy = Exercise::open(to);
  const Status written = copy ? copy->write(0, 1) : Status(copy.error());
  if (written) return {};
  return make_error(Code::kUsage, from + " cannot be used: " + written.error().message);
}

void Exercise::Close::operator()(void* database) const {
  sqlite3_close(handle(database));
}

Status Exercise::run(const std::string& sql) {
  if (sqlite3_exec(handle(database_.get()), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK)
    return {};
  const std::string why = sqlite3_errmsg(handle(database_.get()));
  const bool busy = sqlite3_errcode(handle(database_.get())) == SQLITE_BUSY;
  if (sqlite3_get_autocommit(handle(database_.get())) == 0)
    sqlite3_exec(handle(database_.get()), "ROLLBACK", nullptr, nullptr, nullptr);
  return make_error(busy ? Code::kBusy : Code::kIo, sql + ": " + why);
}

Result<Exercise> Exercise::open(const std::string& path) {
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr);
  Exercise exercise(database);
  if (code != SQLITE_OK) return make_error(Code::kIo, "open " + path + ": " + sqlite3_errstr(code));
  sqlite3_busy_timeout(database, kPatience);
  TRY(exercise.run("PRAGMA journal_mode = WAL"));
  return exercise;
}

Status Exercise::write(std::uint64_t seed, int transactions) {
  std::mt19937_64 random(seed);
  TRY(run(std::string("CREATE TABLE IF NOT EXISTS ") + kTable +
          "(id INTEGER PRIMARY KEY, content BLOB)"));
  for (int i = 0; i < transactions; ++i) {
    TRY(run("BEGIN IMMEDIATE"));
    for (std::uint64_t changes = 1 + random() % 3; changes > 0; --changes)
      TRY(run(some_change(random)));
    TRY(run(random() % 12 == 0 ? "ROLLBACK" : "COMMIT"));
    if (random() % 6 == 0)  // may meet others, and then does less
      sqlite3_wal_checkpoint_v2(handle(database_.get()), nullptr,
                                kModes[random() % std::size(kModes)], nullptr, nullptr);
  }
  return {};
}

Status Exercise::vacuum() {
  return run("VACUUM");
}

Result<std::uint64_t> Exercise::image() {
  sqlite3_int64 size = 0;
  unsigned char* const raw = sqlite3_serialize(handle(database_.get()), "main", &size, 0);
  if (raw == nullptr) return make_error(Code::kIo, "the database cannot be read as a whole");
  const std::uint64_t hash = xxh3({raw, static_cast<std::size_t>(size)});
  sqlite3_free(raw);
  return hash;
}

}  // namespace streamd::sqlite
