#include "apps/check.h"

#include "apps/surroundings.h"
#include "base/file.h"
#include "daemon/exit_code.h"
#include "daemon/open_files.h"
#include "sqlite/connection.h"
#include "sqlite/journal_mode.h"
#include "sqlite/ownership.h"

namespace streamd::apps {
namespace {

// What streamd will find when it attaches; nothing is changed.
Status check_journal_mode(const config::Database& database) {
  TRY(sqlite::check_access(database.real_path));
  sqlite::Connection connection;
  TRY(connection.open(database.real_path));
  const Status wal = sqlite::require_wal_mode(connection, database.real_path, false);
  if (wal) return sqlite::check_log_files(database.real_path);
  if (wal.error().code == Code::kNotWal && database.set_wal) return {};  // when it starts
  return wal;
}

}  // namespace

config::Problems unprotected_databases(const config::Config& config) {
  config::Problems problems;
  for (const config::Database& database : config.databases) {
    const auto there = stat_path(database.real_path);
    if (there && !*there) continue;  // it is followed once the application has made it
    if (const Status wal = check_journal_mode(database); !wal)
      problems.warning(database.origin, "not protected: " + wal.error().message, wal.error().hint);
  }
  return problems;
}

// One that does not exist is watched once somebody makes it: check_surroundings says so.
void check_folders(const Setup& setup, config::Problems& problems) {
  const std::vector<daemon::FolderStatus> folders = folder_status(setup);
  for (std::size_t i = 0; i < folders.size(); ++i)
    if (const auto& error = folders[i].error; error && error->code != Code::kNotFound)
      problems.warning(setup.config.directories[i].origin, "not protected: " + error->message,
                       error->hint);
}

CheckResult check_configuration(const Setup& setup, const std::optional<std::string>& control) {
  config::Problems problems = setup.problems;
  problems.add(check_surroundings(setup.config, control, Asker::kDaemon));
  if (const Status files = daemon::allow_open_files(setup.config); !files)
    problems.error({}, files.error());
  if (problems.has_errors()) return {check_report(problems), daemon::kExitConfiguration};
  sqlite::initialise();
  config::Problems unprotected = unprotected_databases(setup.config);
  check_folders(setup, unprotected);
  return {check_report(problems) + check_report(unprotected),
          unprotected.all().empty() ? daemon::kExitDone : daemon::kExitFailure};
}

}  // namespace streamd::apps
