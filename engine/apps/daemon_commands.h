// What the control socket asks of this process: answers for daemon/commands.h.
#pragma once
#include <condition_variable>
#include <mutex>
#include <optional>

#include "apps/live_config.h"
#include "daemon/commands.h"

namespace streamd::apps {

class DaemonCommands final : public daemon::Commands {
 public:
  explicit DaemonCommands(LiveConfig& config) : config_(config) {}

  Result<Json> reload() override;
  Result<Json> register_database(const std::string& path,
                                 const std::vector<std::string>& urls) override;
  Result<Json> unregister_database(const std::string& path) override;
  Result<Json> stop(bool merge) override;

  // The daemon's databases have ended with this exit code: those who wait for it are told.
  // `databases` are their paths.
  void ended(int exit_code, const std::vector<std::string>& databases);

 private:
  LiveConfig& config_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Json> end_;
  std::vector<std::string> with_log_;  // databases that have a log beside them at the end
};

}  // namespace streamd::apps
