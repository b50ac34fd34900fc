#include "apps/check.h"

#include <fmt/format.h>

#include "base/file.h"
#include "daemon/exit_code.h"
#include "sqlite/connection.h"

namespace streamd::apps {
namespace {

// Bytes 18 and 19 of the database header: 2 = write-ahead log. Read through SQLite, whose locks a
// plain descriptor would drop.
Result<bool> in_wal_mode(const std::string& path) {
  sqlite::Connection connection;
  TRY(connection.open(path));
  std::uint8_t header[20] = {};
  TRY(connection.read_database(0, header));
  return header[18] == 2 && header[19] == 2;
}

}  // namespace

config::Problems unprotected_databases(const config::Config& config) {
  config::Problems problems;
  for (const config::Database& database : config.databases) {
    if (database.set_wal) continue;  // streamd converts it when it starts
    const auto there = stat_path(database.real_path);
    if (there && !*there) continue;  // it is followed once the application has made it
    const auto wal = in_wal_mode(database.real_path);
    if (!wal)
      problems.warning(database.origin, "not protected: " + wal.error().message, wal.error().hint);
    else if (!*wal)
      problems.warning(database.origin,
                       fmt::format("not protected: database {} is not in WAL mode", database.path),
                       "run `PRAGMA journal_mode=WAL` on it once");
  }
  return problems;
}

CheckResult check_configuration(const Setup& setup) {
  if (setup.problems.has_errors())
    return {check_report(setup.problems), daemon::kExitConfiguration};
  sqlite::initialise();
  const config::Problems unprotected = unprotected_databases(setup.config);
  return {check_report(setup.problems) + check_report(unprotected),
          unprotected.all().empty() ? daemon::kExitDone : daemon::kExitFailure};
}

}  // namespace streamd::apps
