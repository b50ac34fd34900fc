#include "apps/daemon_run.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "apps/check.h"
#include "apps/control_path.h"
#include "apps/report.h"
#include "apps/restore_missing.h"
#include "apps/signals.h"
#include "base/log.h"
#include "config/replica_url.h"
#include "daemon/control_server.h"
#include "daemon/exit_code.h"
#include "daemon/supervisor.h"
#include "daemon/system_manager.h"

namespace streamd::apps {
namespace {

constexpr const char* kProgram = "streamd";
constexpr milliseconds kStatusInterval{5000};

// People read a terminal and the journal; everything else is collected by machines.
LogFormat chosen_format(config::LogStyle style) {
  if (style == config::LogStyle::kText) return LogFormat::kText;
  if (style == config::LogStyle::kJson) return LogFormat::kJson;
  const bool people = isatty(STDERR_FILENO) == 1 || std::getenv("JOURNAL_STREAM") != nullptr;
  return people ? LogFormat::kText : LogFormat::kJson;
}

void configure_log(const StreamdOptions& options, config::LogSettings settings) {
  if (options.log_level) parse_level(*options.log_level, settings.level);
  if (options.log_format)
    settings.format = *options.log_format == "json"   ? config::LogStyle::kJson
                      : *options.log_format == "text" ? config::LogStyle::kText
                                                      : config::LogStyle::kAuto;
  log_configure(settings.level, chosen_format(settings.format));
}

Result<Setup> read_setup(const StreamdOptions& options) {
  if (options.database.empty()) return load_setup(options.setup);
  Setup setup = setup_without_file(options.setup);
  const std::string path = std::filesystem::absolute(options.database).string();
  setup.config.databases.push_back(
      TRY(config::database_from_urls(path, options.urls, setup.context)));
  return setup;
}

int run_check(const Setup& setup) {
  const CheckResult result = check_configuration(setup);
  fmt::print("{}", result.report);
  if (result.exit_code == daemon::kExitDone)
    fmt::print("configuration is fine: {} database{}\n", setup.config.databases.size(),
               setup.config.databases.size() == 1 ? "" : "s");
  return result.exit_code;
}

void log_started(const config::Config& config) {
  for (const config::Database& database : config.databases) {
    std::string replicas;
    for (const config::Replica& replica : database.replicas)
      replicas += (replicas.empty() ? "" : ", ") + replica.name;
    log_info("replicating", {{"database", database.path}, {"replicas", replicas}});
  }
}

int stop(daemon::Supervisor& supervisor, milliseconds timeout) {
  daemon::tell_stopping();
  const Status stopped = supervisor.stop(timeout);
  if (!stopped) {
    log_error_event(LogLevel::kError, "stopped, but not everything was sent", stopped.error());
    return daemon::exit_code(stopped.error().code);
  }
  log_info("stopped: everything was sent");
  return daemon::kExitDone;
}

int run_once(daemon::Supervisor& supervisor, const Signals& signals, milliseconds patience) {
  const Status synced = run_cancellable(
      signals, [&](const Cancel& cancel) { return supervisor.sync_all(patience, cancel); });
  const int stopped = stop(supervisor, synced ? patience : milliseconds(0));
  return std::max(stopped, synced ? daemon::kExitDone : daemon::exit_code(synced.error().code));
}

// nullptr when there is to be none.
Result<std::unique_ptr<daemon::ControlServer>> open_control(const StreamdOptions& options,
                                                            const config::Config& config,
                                                            const daemon::Supervisor& supervisor) {
  const ControlPath control = daemon_control(config, options.control);
  if (control.path.empty()) return std::unique_ptr<daemon::ControlServer>();
  const daemon::SocketAccess access{config.streamd.control_mode, config.streamd.control_group};
  auto server = daemon::ControlServer::start(control.path, access, supervisor, STREAMD_VERSION,
                                             system_clock());
  if (server) {
    log_info("control socket", {{"path", control.path}});
    return server;
  }
  if (control.chosen || server.error().code == Code::kBusy) return server;
  log_error_event(LogLevel::kWarn, "no control socket: streamctl will not find this daemon",
                  server.error());
  return std::unique_ptr<daemon::ControlServer>();
}

// `control` may be null.
int run_until_told(daemon::Supervisor& supervisor, daemon::ControlServer* control,
                   const Signals& signals, milliseconds timeout) {
  daemon::tell_ready();
  for (;;) {
    if (daemon::is_managed()) daemon::tell_status(daemon::summary(supervisor));
    const auto number = daemon::is_managed() ? signals.wait_for(kStatusInterval)
                                             : std::optional<int>(signals.wait());
    if (!number) continue;
    if (*number == SIGHUP) {
      log_warn("SIGHUP: this version does not reload; restart streamd to read the configuration");
      continue;
    }
    log_info("stopping", {{"signal", signal_name(*number)}, {"timeout-ms", timeout.count()}});
    if (control != nullptr) control->cancel_waits();
    return stop(supervisor, timeout);
  }
}

Result<int> run(const StreamdOptions& options, Setup& setup, const Signals& signals) {
  const config::Config& config = setup.config;
  TRY(run_cancellable(signals, [&](const Cancel& cancel) {
    return restore_missing(setup, options.restore_missing, cancel);
  }));
  auto supervisor = TRY(daemon::Supervisor::create(config, *setup.drivers, system_clock()));
  log_info("streamd " STREAMD_VERSION " started",
           {{"databases", config.databases.size()},
            {"configuration", config.files.empty() ? "command line" : config.files.front()}});
  log_started(config);
  const milliseconds timeout = config.streamd.shutdown_timeout;
  if (options.once) {
    TRY(supervisor->start());
    return run_once(*supervisor, signals, timeout);
  }
  const auto control = TRY(open_control(options, config, *supervisor));
  TRY(supervisor->start());
  return run_until_told(*supervisor, control.get(), signals, timeout);
}

}  // namespace

int run_streamd(const StreamdOptions& options) {
  const Signals signals;
  auto setup = read_setup(options);
  if (!setup) return report(kProgram, setup.error());
  if (options.check) return run_check(*setup);
  if (setup->problems.has_errors()) {
    fmt::print(stderr, "{}", check_report(setup->problems));
    return daemon::kExitConfiguration;
  }
  configure_log(options, setup->config.log);
  for (const config::Problem& problem : setup->problems.all())
    log_warn(problem.message, {{"where", to_text(problem.where)}, {"hint", problem.hint}});
  if (setup->config.databases.empty())
    return report(kProgram,
                  make_error(Code::kInvalidConfig, "no databases in " + options.setup.config,
                             "add a [[database]], or run streamd DB REPLICA-URL"));
  const auto code = run(options, *setup, signals);
  return code ? *code : report(kProgram, code.error());
}

}  // namespace streamd::apps
