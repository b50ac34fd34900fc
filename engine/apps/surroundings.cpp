#include "apps/surroundings.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "apps/control_path.h"
#include "base/file.h"
#include "daemon/unix_socket.h"

namespace streamd::apps {
namespace {

using config::Origin;
using config::Problems;

void check_database(const config::Database& database, Problems& problems) {
  const std::string what = "database " + database.path;
  const auto there = stat_path(database.real_path);
  if (!there) return;  // unprotected_databases() tells streamd; others' rights say nothing
  if (!*there) {
    problems.warning(database.origin, what + " does not exist",
                     database.restore_missing
                         ? "it is restored when streamd starts (restore-missing)"
                         : "it is followed once an application makes it; is the path right?");
  } else if (!S_ISREG((*there)->st_mode)) {
    problems.error(database.origin,
                   what + (S_ISDIR((*there)->st_mode) ? " is a folder" : " is no file"),
                   "name the database file itself");
  }
}

void check_directory(const config::Directory& directory, Problems& problems) {
  const auto there = stat_path(directory.path);
  if (!there || (*there && S_ISDIR((*there)->st_mode))) return;
  if (*there)
    problems.error(directory.origin, "directory " + directory.path + " is no folder",
                   "path = names a database itself");
  else
    problems.warning(directory.origin, "directory " + directory.path + " does not exist",
                     "it is watched once somebody makes it; is the path right?");
}

// Why a folder cannot be made or written to, as far as one can tell without trying; empty = it can.
std::string obstacle_of(const std::string& folder, Asker asker) {
  for (std::string at = folder;; at = folder_of(at)) {
    struct stat found {};
    if (::stat(at.c_str(), &found) != 0) {
      if (errno == ENOENT && at != folder_of(at)) continue;
      if (errno == ENOTDIR) continue;  // the file in the way is found further up
      return asker == Asker::kDaemon || errno != EACCES ? at + ": " + std::strerror(errno) : "";
    }
    if (!S_ISDIR(found.st_mode)) return at + " is a file";
    if (::faccessat(AT_FDCWD, at.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return "";
    return asker == Asker::kDaemon || errno != EACCES ? at + ": " + std::strerror(errno) : "";
  }
}

void check_state_dir(const config::Config& config, Asker asker, Problems& problems) {
  const std::string& folder = config.streamd.state_dir;
  if (folder.empty()) return;
  const std::string obstacle = obstacle_of(folder, asker);
  if (obstacle.empty()) return;
  problems.error(config.streamd_settings.find("state-dir")->second.origin,
                 "state-dir " + folder + " cannot be used: " + obstacle,
                 "name a folder that streamd's user can make and write to");
}

void check_control(const config::Config& config, const std::optional<std::string>& given,
                   Asker asker, Problems& problems) {
  const ControlPath control = daemon_control(config, given);
  if (control.path.empty() || !control.chosen) return;
  const Origin origin =
      given ? Origin{"--control", 0} : config.streamd_settings.find("control")->second.origin;
  if (const Status fits = daemon::check_socket_path(control.path); !fits) {
    problems.error(origin, fits.error());
    return;
  }
  const std::string folder = folder_of(control.path);  // streamd makes this one, but no more
  const bool made = access(folder.c_str(), F_OK) == 0;
  const std::string obstacle = obstacle_of(folder, asker);
  const bool too_deep = !made && access(folder_of(folder).c_str(), F_OK) != 0;
  if (!obstacle.empty() || too_deep)
    problems.error(origin,
                   "control socket " + control.path + " cannot be made: " +
                       (obstacle.empty() ? folder_of(folder) + " does not exist" : obstacle),
                   "name a path in a folder that streamd's user can write to");
}

}  // namespace

Problems check_surroundings(const config::Config& config, const std::optional<std::string>& control,
                            Asker asker) {
  Problems problems;
  for (const config::Database& database : config.databases) check_database(database, problems);
  for (const config::Directory& directory : config.directories)
    check_directory(directory, problems);
  check_state_dir(config, asker, problems);
  check_control(config, control, asker, problems);
  return problems;
}

}  // namespace streamd::apps
