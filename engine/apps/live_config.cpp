#include "apps/live_config.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "apps/registered.h"
#include "base/file.h"
#include "base/log.h"
#include "config/difference.h"
#include "config/find.h"
#include "config/folder.h"
#include "config/replica_url.h"
#include "daemon/open_files.h"

namespace streamd::apps {
namespace {

// People read a terminal and the journal; everything else is collected by machines.
LogFormat chosen_format(config::LogStyle style) {
  if (style == config::LogStyle::kText) return LogFormat::kText;
  if (style == config::LogStyle::kJson) return LogFormat::kJson;
  const bool people = isatty(STDERR_FILENO) == 1 || std::getenv("JOURNAL_STREAM") != nullptr;
  return people ? LogFormat::kText : LogFormat::kJson;
}

void log_problems(const config::Problems& problems) {
  for (const config::Problem& problem : problems.all())
    log_event(problem.warning ? LogLevel::kWarn : LogLevel::kError, problem.message,
              {{"where", to_text(problem.where)}, {"hint", problem.hint}});
}

void log_changes(const daemon::DatabaseChanges& changes, std::size_t databases) {
  for (const std::string& path : changes.added) log_info("database added", {{"database", path}});
  for (const std::string& path : changes.changed)
    log_info("database changed", {{"database", path}});
  for (const std::string& path : changes.removed)
    log_info("database removed: its replicas stay", {{"database", path}});
  if (!changes.empty()) log_info("databases", {{"count", databases}});
}

// A secret of a command line would end up in a file.
Status refuse_secrets(const config::Database& database) {
  for (const config::Replica& replica : database.replicas)
    for (const auto& [name, setting] : replica.settings)
      if (setting.secret && !setting.text.empty() && !setting.origin.file.empty())
        return make_error(Code::kUsage, "'" + name + "' is a secret, and has no place in a URL",
                          "write the [[database]] into a file, with " + name +
                              " = \"${NAME}\" or \"file:PATH\", and `streamctl reload`");
  return {};
}

}  // namespace

void configure_log(const StreamdOptions& options, config::LogSettings settings) {
  if (options.log_level) parse_level(*options.log_level, settings.level);
  if (options.log_format)
    settings.format = *options.log_format == "json"   ? config::LogStyle::kJson
                      : *options.log_format == "text" ? config::LogStyle::kText
                                                      : config::LogStyle::kAuto;
  log_configure(settings.level, chosen_format(settings.format));
}

LiveConfig::LiveConfig(const StreamdOptions& options, Setup& setup, daemon::Supervisor& supervisor,
                       daemon::Observer& observer)
    : options_(options),
      setup_(setup),
      supervisor_(supervisor),
      observer_(observer),
      started_with_(setup.written) {
  note_what_others_ask();
}

void LiveConfig::note_what_others_ask() {
  in_folders_.clear();
  for (const config::Database& database : setup_.config.databases)
    if (!database.directory.empty()) in_folders_.insert(database.path);
  watches_folders_ = !setup_.config.directories.empty();
  shutdown_timeout_ = setup_.config.streamd.shutdown_timeout;
}

Status LiveConfig::must_have_files() const {
  if (options_.database.empty()) return {};
  return make_error(Code::kUsage, "this streamd was started without a configuration file",
                    "start it with one: streamd --config FILE");
}

Result<Reloaded> LiveConfig::reload() {
  const std::lock_guard lock(mutex_);
  return reload_now();
}

// A file that is followed may lie in a watched folder too, by this configuration or the next one.
void LiveConfig::never_open_what_is_followed() {
  for (const config::Database& database : setup_.config.databases)
    setup_.folder_files->followed(database.real_path);
}

Result<Reloaded> LiveConfig::reload_now() {
  TRY(must_have_files());
  never_open_what_is_followed();
  Reloaded result = TRY(take(config::load(options_.setup.config, setup_.context)));
  result.needs_restart = config::changed_options(started_with_, setup_.config.streamd_settings);
  std::erase(result.needs_restart, "shutdown-timeout");
  changed_ = true;
  configure_log(options_, setup_.config.log);
  log_problems(result.warnings);
  for (const std::string& option : result.needs_restart)
    log_warn("an option that changed takes effect when streamd is started again",
             {{"option", option}});
  return result;
}

Result<Reloaded> LiveConfig::take(config::Loaded loaded) {
  check_faults(loaded.config, loaded.problems);
  check_keys(loaded.config, loaded.problems);
  if (const Status files = daemon::allow_open_files(loaded.config); !files)
    loaded.problems.error({}, files.error());
  if (loaded.problems.has_errors()) {
    log_problems(loaded.problems);
    log_error("the new configuration is wrong: the one before it stays in effect");
    return config::to_error(loaded.problems);
  }
  Reloaded result;
  result.warnings = loaded.problems;
  result.databases = TRY(supervisor_.apply(loaded.config));
  observer_.follow(loaded.config);
  setup_.config = std::move(loaded.config);
  setup_.sources = std::move(loaded.sources);
  note_what_others_ask();
  log_changes(result.databases, setup_.config.databases.size());
  return result;
}

daemon::FolderWatch::Look LiveConfig::look_into_folders() {
  const std::lock_guard lock(mutex_);
  daemon::FolderWatch::Look look;
  if (setup_.config.directories.empty()) {
    supervisor_.set_folders({});
    return look;
  }
  daemon::FolderFiles& files = *setup_.folder_files;
  std::set<std::string> others;  // with a table of their own
  never_open_what_is_followed();
  for (const config::Database& database : setup_.config.databases)
    if (database.directory.empty()) others.insert(database.real_path);
  std::set<std::string> now;
  for (const config::Directory& directory : setup_.config.directories) {
    for (std::string& path : files.look(directory))
      if (!others.contains(path)) now.insert(std::move(path));
    for (std::string& folder : config::folders_of(directory, files.state_dir()))
      look.folders.push_back(std::move(folder));
  }
  supervisor_.set_folders(folder_status(setup_));
  look.again_in = files.undecided();
  if (now != in_folders_)  // said already when it fails
    (void)take(config::load_sources(setup_.sources, setup_.context));
  return look;
}

void LiveConfig::look_where_paths_lead() {
  const std::lock_guard lock(mutex_);
  const auto moved = supervisor_.moved_paths();
  if (moved.empty()) return;
  config::Loaded loaded;
  loaded.config = setup_.config;
  loaded.sources = setup_.sources;
  std::set<std::string> files;
  for (config::Database& database : loaded.config.databases) {
    if (const auto to = moved.find(database.path); to != moved.end())
      database.real_path = to->second;
    if (!files.insert(database.real_path).second)
      loaded.problems.error(database.origin,
                            "another database leads to " + database.real_path + ", too");
  }
  (void)take(std::move(loaded));  // said already when it fails
}

Result<std::string> LiveConfig::registered_text() const {
  const auto bytes = read_file(registered_file(options_.setup.config));
  if (bytes) return std::string(as_text(*bytes));
  if (bytes.error().code == Code::kNotFound) return std::string();
  return Error(bytes.error());
}

Result<Reloaded> LiveConfig::add(const std::string& path, const std::vector<std::string>& urls) {
  const std::lock_guard lock(mutex_);
  TRY(must_have_files());
  if (path.empty() || path.front() != '/')
    return make_error(Code::kUsage, "register: '" + path + "' is no absolute path");
  const config::Database database = TRY(config::database_from_urls(path, urls, setup_.context));
  TRY(refuse_secrets(database));
  if (const auto* known = TRY(config::find_database(setup_.config, path)))
    return make_error(Code::kUsage, "database " + path + " is already there at " +
                                        config::to_text(known->origin));
  const std::string before = TRY(registered_text());
  return rewrite(before, with_database(before, database));
}

Result<Reloaded> LiveConfig::remove(const std::string& path_or_name) {
  const std::lock_guard lock(mutex_);
  TRY(must_have_files());
  std::vector<const config::Database*> all;
  for (const config::Database& each : setup_.config.databases) all.push_back(&each);
  const auto* database = TRY(config::find_among(all, path_or_name));
  if (database == nullptr)
    return make_error(Code::kUsage, "the daemon has no database " + path_or_name,
                      "`streamctl status` lists those that it has");
  const std::string before = TRY(registered_text());
  return rewrite(before, TRY(without_database(before, *database)));
}

Result<Reloaded> LiveConfig::rewrite(const std::string& before, const std::string& after) {
  const std::string file = registered_file(options_.setup.config);
  const auto write = [&](const std::string& text) -> Status {
    TRY(make_folder(folder_of(file), 0755));
    return replace_file(file, as_bytes(text), 0640);
  };
  if (const Status written = write(after); !written)
    return Error(written.error())
        .with_hint("let streamd's user write " + folder_of(file) +
                   ", or write a file there yourself and `streamctl reload`");
  auto reloaded = reload_now();
  if (!reloaded) TRY(write(before));
  return reloaded;
}

}  // namespace streamd::apps
