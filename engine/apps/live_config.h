// The configuration in effect, and how it becomes another one while the daemon runs.
#pragma once
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "apps/streamd_options.h"
#include "daemon/folder_watch.h"
#include "daemon/observer.h"
#include "daemon/supervisor.h"

namespace streamd::apps {

// The log as the configuration and the command line say.
void configure_log(const StreamdOptions& options, config::LogSettings settings);

struct Reloaded {
  daemon::DatabaseChanges databases;
  std::vector<std::string>
      needs_restart;  // options of [streamd] that changed and are not in effect
  config::Problems warnings;
};

// Any thread; one change at a time. What a change takes long for (databases that leave) does not
// keep those who only ask.
class LiveConfig {
 public:
  // Borrows all: the options and the setup that the daemon started with.
  LiveConfig(const StreamdOptions& options, Setup& setup, daemon::Supervisor& supervisor,
             daemon::Observer& observer);
  // Reads the files anew. kInvalidConfig, with the problems logged: nothing has changed then.
  Result<Reloaded> reload();
  // Looks into the watched folders; the files of the configuration are not read.
  daemon::FolderWatch::Look look_into_folders();
  // Takes up the files that paths lead to by now.
  void look_where_paths_lead();
  bool watches_folders() const { return watches_folders_; }
  bool changed_since_asked() { return changed_.exchange(false); }  // by a reload
  milliseconds shutdown_timeout() const { return shutdown_timeout_; }
  // Adds a database to conf.d/registered.toml, or takes it out, and reloads. kUsage; when the
  // reload fails the file is as it was.
  Result<Reloaded> add(const std::string& path, const std::vector<std::string>& urls);
  Result<Reloaded> remove(const std::string& path_or_name);

 private:
  Result<Reloaded> reload_now();
  void never_open_what_is_followed();
  void note_what_others_ask();
  Result<Reloaded> take(config::Loaded loaded);
  Result<Reloaded> rewrite(const std::string& before, const std::string& after);
  Result<std::string> registered_text() const;
  Status must_have_files() const;

  const StreamdOptions& options_;
  Setup& setup_;
  daemon::Supervisor& supervisor_;
  daemon::Observer& observer_;
  const config::Settings started_with_;  // [streamd]
  std::mutex mutex_;                     // guards the setup and what follows
  std::set<std::string> in_folders_;
  std::atomic<bool> watches_folders_{false}, changed_{false};
  std::atomic<milliseconds> shutdown_timeout_{};
};

}  // namespace streamd::apps
