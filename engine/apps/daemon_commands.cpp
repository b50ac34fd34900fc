#include "apps/daemon_commands.h"

#include <signal.h>
#include <unistd.h>

#include "base/file.h"

namespace streamd::apps {
namespace {

Json strings(const std::vector<std::string>& texts) {
  Json array = Json::array();
  for (const std::string& text : texts) array.push(text);
  return array;
}

Json to_json(const Reloaded& reloaded) {
  Json warnings = Json::array();
  for (const config::Problem& problem : reloaded.warnings.all())
    warnings.push(Json::object(
        {{"where", to_text(problem.where)}, {"message", problem.message}, {"hint", problem.hint}}));
  return Json::object({{"added", strings(reloaded.databases.added)},
                       {"removed", strings(reloaded.databases.removed)},
                       {"changed", strings(reloaded.databases.changed)},
                       {"needs_restart", strings(reloaded.needs_restart)},
                       {"warnings", std::move(warnings)}});
}

}  // namespace

Result<Json> DaemonCommands::reload() {
  return to_json(TRY(config_.reload()));
}

Result<Json> DaemonCommands::register_database(const std::string& path,
                                               const std::vector<std::string>& urls) {
  return to_json(TRY(config_.add(path, urls)));
}

Result<Json> DaemonCommands::unregister_database(const std::string& path) {
  return to_json(TRY(config_.remove(path)));
}

// The signal takes the way of every other end; with --exec the application is told first.
Result<Json> DaemonCommands::stop(bool merge) {
  kill(getpid(), SIGTERM);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return end_.has_value(); });
  if (!merge || with_log_.empty()) return *end_;
  std::string list;
  for (const std::string& path : with_log_) list += (list.empty() ? "" : ", ") + path;
  return make_error(Code::kBusy,
                    "stopped, but others have a database open, and its log stays: " + list,
                    "end the applications that have it open; the last one removes the log");
}

void DaemonCommands::ended(int exit_code, const std::vector<std::string>& databases) {
  const std::lock_guard lock(mutex_);
  for (const std::string& path : databases)
    if (const auto there = stat_path(path + "-wal"); there && *there) with_log_.push_back(path);
  end_ = Json::object({{"exit_code", exit_code}, {"with_log", strings(with_log_)}});
  changed_.notify_all();
}

}  // namespace streamd::apps
