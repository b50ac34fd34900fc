#include "apps/daemon_run.h"

#include <fmt/core.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "apps/check.h"
#include "apps/control_path.h"
#include "apps/open_files.h"
#include "apps/report.h"
#include "apps/restore_missing.h"
#include "apps/restore_over.h"
#include "apps/signals.h"
#include "base/log.h"
#include "config/replica_url.h"
#include "daemon/control_server.h"
#include "daemon/exit_code.h"
#include "daemon/supervisor.h"
#include "daemon/system_manager.h"
#include "daemon/watchdog.h"

namespace streamd::apps {
namespace {

constexpr const char* kProgram = "streamd";
// Buffers of this size (the pages of a snapshot's part) go back to the system when they are freed,
// and not into what the C library keeps for each thread.
constexpr int kLargeBuffer = 1 << 20;
constexpr milliseconds kStatusInterval{5000};
constexpr milliseconds kAfterFailure{2000};  // for databases and replicas that are fine

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
      TRY(config::database_from_urls(path, options.urls, setup.context, setup.problems)));
  check_faults(setup.config, setup.problems);
  check_keys(setup.config, setup.problems);
  return setup;
}

int run_check(const Setup& setup, const StreamdOptions& options) {
  const CheckResult result = check_configuration(setup, options.control);
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

// `whole`: nothing has failed before.
int stop(daemon::Supervisor& supervisor, milliseconds timeout, bool whole = true) {
  daemon::tell_stopping(timeout);
  const Status stopped = supervisor.stop(timeout);
  if (!stopped) {
    log_error_event(LogLevel::kError, "stopped, but not everything was sent", stopped.error());
    return daemon::exit_code(stopped.error().code);
  }
  if (whole)
    log_info("stopped: everything was sent");
  else
    log_info("stopped");
  return daemon::kExitDone;
}

// When the sync has failed, its reason is the exit code, not what the end makes of it.
int run_once(daemon::Supervisor& supervisor, const Signals& signals, milliseconds patience) {
  const Status synced = run_cancellable(
      signals, [&](const Cancel& cancel) { return supervisor.sync_all(patience, cancel); });
  const int stopped =
      stop(supervisor, synced ? patience : std::min(patience, kAfterFailure), synced.has_value());
  return synced ? stopped : daemon::exit_code(synced.error().code);
}

// Who watches this process: systemd where it was asked to, else a process of our own. Not running
// when there is to be none. As process 1 of a container it could not be killed from inside.
daemon::Companion start_companion(milliseconds limit) {
  if (limit.count() == 0 || daemon::system_watchdog() != 0) return {};
  if (getpid() == 1) {
    log_info("no watchdog: as process 1 of a container streamd cannot be killed from inside",
             {{"hint", "run it with an init, as docker run --init does"}});
    return {};
  }
  auto companion = daemon::Companion::start(limit);
  if (companion) return std::move(*companion);
  log_error_event(LogLevel::kWarn, "no watchdog: a stuck streamd would not be noticed",
                  companion.error());
  return {};
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
      log_warn(
          "SIGHUP is ignored: this version cannot reload, and the configuration in effect is the "
          "one it started with",
          {{"hint", "restart streamd to read the configuration anew"}});
      continue;
    }
    log_info("stopping", {{"signal", signal_name(*number)}, {"timeout_ms", timeout.count()}});
    if (control != nullptr) control->cancel_waits();
    return stop(supervisor, timeout);
  }
}

Result<int> run(const StreamdOptions& options, Setup& setup, const Signals& signals) {
  const config::Config& config = setup.config;
  const bool nothing_to_restore = TRY(run_cancellable(signals, [&](const Cancel& cancel) {
    return restore_missing(setup, options.restore_missing, cancel);
  }));
  if (options.adopt == "replica")
    TRY(run_cancellable(signals, [&](const Cancel& cancel) -> Status {
      const auto report = TRY(restore_over(setup, config.databases.front(), cancel));
      log_info("restored over the database", {{"database", config.databases.front().path},
                                              {"replica", report.replica},
                                              {"txid", report.plan.moment.txid.value}});
      return {};
    }));
  daemon::Companion companion = start_companion(config.streamd.watchdog);
  auto supervisor = TRY(
      daemon::Supervisor::create(config, *setup.drivers, system_clock(), options.adopt == "local"));
  log_info("streamd " STREAMD_VERSION " started",
           {{"databases", config.databases.size()},
            {"configuration", config.files.empty() ? "command line" : config.files.front()}});
  log_started(config);
  const milliseconds timeout = config.streamd.shutdown_timeout;
  if (options.once) {
    TRY(supervisor->start());
    const daemon::Watchdog watchdog(*supervisor, std::move(companion), system_clock());
    const int code = run_once(*supervisor, signals, timeout);
    return nothing_to_restore ? std::max<int>(code, daemon::kExitNoBackup) : code;
  }
  const auto control = TRY(open_control(options, config, *supervisor));
  TRY(supervisor->start(true));
  const daemon::Watchdog watchdog(*supervisor, std::move(companion), system_clock());
  return run_until_told(*supervisor, control.get(), signals, timeout);
}

}  // namespace

int run_streamd(const StreamdOptions& options) {
  mallopt(M_MMAP_THRESHOLD, kLargeBuffer);
  const Signals signals;
  auto setup = read_setup(options);
  if (!setup) return report(kProgram, setup.error());
  if (options.check) return run_check(*setup, options);
  if (setup->problems.has_errors()) {
    fmt::print(stderr, "{}", check_report(setup->problems));
    return daemon::kExitConfiguration;
  }
  if (const Status files = allow_open_files(setup->config); !files)
    return report(kProgram, files.error());
  configure_log(options, setup->config.log);
  for (const config::Problem& problem : setup->problems.all())
    log_warn(problem.message, {{"where", to_text(problem.where)}, {"hint", problem.hint}});
  if (setup->config.databases.empty())
    return report(kProgram,
                  make_error(Code::kInvalidConfig, "no databases in " + options.setup.config,
                             "add a [[database]], or run streamd DB REPLICA-URL"));
  if (!options.adopt.empty() && setup->config.databases.size() != 1)
    return report(kProgram, make_error(Code::kUsage,
                                       "--adopt decides for one database, the configuration has " +
                                           std::to_string(setup->config.databases.size()),
                                       "`streamctl adopt DB` names the one"));
  const auto code = run(options, *setup, signals);
  return code ? *code : report(kProgram, code.error());
}

}  // namespace streamd::apps
