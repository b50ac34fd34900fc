// The calls of SQLite's library by which a program opens, reads and checkpoints a database: they
// may fail in turn. The library is not linked: whoever uses it has loaded it.
#include <dlfcn.h>

#include <cstdlib>
#include <map>

#include "fault.h"

// What of SQLite's interface is named here (sqlite3.h).
struct sqlite3;
struct sqlite3_stmt;

namespace faults {
namespace {

constexpr int kIoError = 10;

int code_named(const std::string& name) {
  static const std::map<std::string, int> known{{"BUSY", 5},     {"NOMEM", 7}, {"IOERR", kIoError},
                                                {"CORRUPT", 11}, {"FULL", 13}, {"CANTOPEN", 14},
                                                {"PROTOCOL", 15}};
  const auto found = known.find(name);
  return found == known.end() ? kIoError : found->second;
}

// From the library itself: what Python has loaded, for one, is not among the names that all can
// see.
template <class Function>
Function* real(const char* name) {
  static void* const library = dlopen("libsqlite3.so.0", RTLD_LAZY | RTLD_NOLOAD);
  void* const found = library == nullptr ? nullptr : dlsym(library, name);
  if (found == nullptr) std::abort();
  return reinterpret_cast<Function*>(found);
}

std::string site_of(sqlite3* database) {
  static auto* const name = real<const char*(sqlite3*, const char*)>("sqlite3_db_filename");
  const char* const path = database == nullptr ? nullptr : name(database, "main");
  return path == nullptr ? std::string() : path;
}

std::string site_of(sqlite3* database, const char* sql) {
  const std::string path = site_of(database);
  return path.empty() || sql == nullptr ? path : path + "," + sql;
}

// The call itself, unless it is its turn to fail.
template <class Do>
int in_turn(Call call, const std::string& path, Do&& work) {
  const Turn turn = turn_of(call, path);
  if (turn.name.empty()) return work();
  if (turn.name == "DONE") work();
  return code_named(turn.name);
}

}  // namespace
}  // namespace faults

using faults::Call;
using faults::in_turn;
using faults::real;

extern "C" {

// As in SQLite, there is a connection to be closed after most failures, and none without memory.
int sqlite3_open_v2(const char* path, sqlite3** out, int flags, const char* vfs) {
  static auto* const work = real<int(const char*, sqlite3**, int, const char*)>("sqlite3_open_v2");
  const int opened = work(path, out, flags, vfs);
  if (opened != 0) return opened;
  const faults::Turn turn = faults::turn_of(Call::kSqliteOpen, faults::site_of(*out));
  if (turn.name.empty()) return opened;
  if (turn.name == "NOMEM") {
    static auto* const close = real<int(sqlite3*)>("sqlite3_close");
    close(*out);
    *out = nullptr;
  }
  return faults::code_named(turn.name);
}

int sqlite3_prepare_v2(sqlite3* database, const char* sql, int size, sqlite3_stmt** out,
                       const char** tail) {
  static auto* const work =
      real<int(sqlite3*, const char*, int, sqlite3_stmt**, const char**)>("sqlite3_prepare_v2");
  *out = nullptr;
  return in_turn(Call::kSqlitePrepare, faults::site_of(database, sql),
                 [&] { return work(database, sql, size, out, tail); });
}

int sqlite3_prepare_v3(sqlite3* database, const char* sql, int size, unsigned flags,
                       sqlite3_stmt** out, const char** tail) {
  static auto* const work =
      real<int(sqlite3*, const char*, int, unsigned, sqlite3_stmt**, const char**)>(
          "sqlite3_prepare_v3");
  *out = nullptr;
  return in_turn(Call::kSqlitePrepare, faults::site_of(database, sql),
                 [&] { return work(database, sql, size, flags, out, tail); });
}

int sqlite3_step(sqlite3_stmt* statement) {
  static auto* const work = real<int(sqlite3_stmt*)>("sqlite3_step");
  static auto* const owner = real<sqlite3*(sqlite3_stmt*)>("sqlite3_db_handle");
  static auto* const sql = real<const char*(sqlite3_stmt*)>("sqlite3_sql");
  return in_turn(Call::kSqliteStep, faults::site_of(owner(statement), sql(statement)),
                 [&] { return work(statement); });
}

int sqlite3_wal_checkpoint_v2(sqlite3* database, const char* schema, int mode, int* frames,
                              int* copied) {
  static auto* const work =
      real<int(sqlite3*, const char*, int, int*, int*)>("sqlite3_wal_checkpoint_v2");
  return in_turn(Call::kSqliteCheckpoint, faults::site_of(database),
                 [&] { return work(database, schema, mode, frames, copied); });
}

}  // extern "C"
