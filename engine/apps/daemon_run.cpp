#include "apps/daemon_run.h"

#include <fmt/core.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include "apps/application.h"
#include "apps/check.h"
#include "apps/control_path.h"
#include "apps/core_dumps.h"
#include "apps/daemon_commands.h"
#include "apps/live_config.h"
#include "apps/report.h"
#include "apps/restore_missing.h"
#include "apps/restore_over.h"
#include "apps/signals.h"
#include "base/log.h"
#include "config/http_address.h"
#include "config/replica_url.h"
#include "config/reporting.h"
#include "daemon/control_server.h"
#include "daemon/exit_code.h"
#include "daemon/http_server.h"
#include "daemon/open_files.h"
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
constexpr milliseconds kStopPoll{50};
constexpr milliseconds kFollowPatience{30'000};  // before an application is given up

Result<Setup> read_files(const StreamdOptions& options) {
  if (options.database.empty()) return load_setup(options.setup);
  Setup setup = setup_without_file(options.setup);
  const std::string path = std::filesystem::absolute(options.database).string();
  setup.config.databases.push_back(
      TRY(config::database_from_urls(path, options.urls, setup.context)));
  check_faults(setup.config, setup.problems);
  check_keys(setup.config, setup.problems);
  return setup;
}

Result<Setup> read_setup(const StreamdOptions& options) {
  Setup setup = TRY(read_files(options));
  if (!options.http) return setup;
  setup.config.streamd.http = *options.http;
  if (const Status fine = config::check_http(*options.http, setup.config.streamd.http_token); !fine)
    setup.problems.error({"--http", 0}, fine.error());
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

// A second signal to end: what is not sent by then stays in the spool, and is named.
Status stop_all(daemon::Supervisor& supervisor, const Signals& signals, milliseconds timeout) {
  std::atomic<bool> done{false};
  Status stopped;
  std::thread thread([&] {
    stopped = supervisor.stop(timeout);
    done = true;
  });
  while (!done) {
    const auto number = signals.wait_for(kStopPoll);
    if (number && *number == SIGCHLD) reap_orphans();
    if (!number || !asks_to_end(*number)) continue;
    log_warn("told again to end: what is not sent by now stays in the spool",
             {{"signal", signal_name(*number)}});
    supervisor.give_up();
  }
  thread.join();
  return stopped;
}

// `whole`: nothing has failed before. What is paused, for one, was not even looked at.
int stop(daemon::Supervisor& supervisor, const Signals& signals, milliseconds timeout,
         bool whole = true) {
  daemon::tell_stopping(timeout);
  while (signals.wait_for(milliseconds(0))) {  // those that led here say nothing new
  }
  whole = whole && supervisor.follows_all();
  const Status stopped = stop_all(supervisor, signals, timeout);
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
      stop(supervisor, signals, synced ? patience : std::min(patience, kAfterFailure),
           synced.has_value());
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

using Server = std::unique_ptr<daemon::ControlServer>;

// nullptr when there is to be none.
Result<Server> open_control(const StreamdOptions& options, const config::Config& config,
                            daemon::Supervisor& supervisor, daemon::Commands& commands) {
  const ControlPath control = daemon_control(config, options.control);
  if (control.path.empty()) return Server();
  auto server = daemon::ControlServer::start(
      {control.path, STREAMD_VERSION, {config.streamd.control_mode, config.streamd.control_group}},
      supervisor, commands, system_clock());
  if (server) {
    log_info("control socket", {{"path", control.path}});
    return server;
  }
  if (control.chosen || server.error().code == Code::kBusy) return server;
  log_error_event(LogLevel::kWarn, "no control socket: streamctl will not find this daemon",
                  server.error());
  return Server();
}

Result<Server> open_wait_control(const config::StreamdSettings& settings,
                                 daemon::Supervisor& supervisor, daemon::Commands& commands) {
  if (settings.wait_control.empty()) return Server();
  return daemon::ControlServer::start({settings.wait_control,
                                       STREAMD_VERSION,
                                       {settings.wait_control_mode, settings.wait_control_group},
                                       daemon::Audience::kApplications},
                                      supervisor, commands, system_clock());
}

// nullptr when there is to be none. Without a word about it in the configuration a daemon that
// cannot have the usual port goes on without.
Result<std::unique_ptr<daemon::HttpServer>> open_http(const StreamdOptions& options,
                                                      const config::Config& config,
                                                      const daemon::Supervisor& supervisor,
                                                      const daemon::Observer& observer) {
  const config::StreamdSettings& streamd = config.streamd;
  if (streamd.http.empty()) return std::unique_ptr<daemon::HttpServer>();
  daemon::HttpApiSettings settings{STREAMD_VERSION, streamd.http_token,
                                   system_clock().wall_micros()};
  auto server =
      daemon::HttpServer::start(TRY(config::parse_http_address(streamd.http)), std::move(settings),
                                supervisor, observer, system_clock());
  if (server) {
    log_info("status page", {{"address", "http://" + to_text((*server)->address()) + "/"}});
    return server;
  }
  const auto written = config.streamd_settings.find("http");
  const bool chosen = options.http || (written != config.streamd_settings.end() &&
                                       !written->second.origin.file.empty());
  if (chosen) return server;
  log_error_event(LogLevel::kWarn, "no metrics, health and status page", server.error());
  return std::unique_ptr<daemon::HttpServer>();
}

// Everything of a daemon that runs; what was opened last ends first.
struct Running {
  daemon::Supervisor& supervisor;
  LiveConfig config;
  DaemonCommands commands{config};
  Server control{}, wait_control{};
  std::unique_ptr<daemon::HttpServer> http{};
  std::unique_ptr<daemon::FolderWatch> folders{};
  std::optional<Application> application{};
};

void reload(Running& running, const Signals& signals) {
  daemon::tell_reloading();
  const auto reloaded =
      run_cancellable(signals, [&](const Cancel&) { return running.config.reload(); });
  if (reloaded)
    log_info("configuration read anew", {{"added", reloaded->databases.added.size()},
                                         {"removed", reloaded->databases.removed.size()},
                                         {"changed", reloaded->databases.changed.size()}});
  else if (reloaded.error().code != Code::kInvalidConfig)  // its problems were logged
    log_error_event(LogLevel::kError, "reload", reloaded.error());
  daemon::tell_ready();
}

Status watch_folders(Running& running) {
  if (running.folders && running.config.changed_since_asked()) running.folders->look_again();
  if (running.folders || !running.config.watches_folders()) return {};
  running.folders =
      TRY(daemon::FolderWatch::start([&running] { return running.config.look_into_folders(); }));
  return {};
}

// The exit code of the application when it has ended; nullopt when it is to end without one.
std::optional<int> serve(Running& running, const Signals& signals) {
  for (;;) {
    if (daemon::is_managed()) daemon::tell_status(daemon::summary(running.supervisor));
    if (const Status watched = watch_folders(running); !watched)
      log_error_event(LogLevel::kError, "watched folders", watched.error());
    const auto number = signals.wait_for(kStatusInterval);
    if (!number) {
      running.config.look_where_paths_lead();
      running.supervisor.try_again();
      continue;
    }
    if (*number == SIGCHLD) {
      const auto code = running.application ? running.application->reap() : std::nullopt;
      reap_orphans();
      if (code) return code;
    } else if (running.application) {
      log_info("signal for the application", {{"signal", signal_name(*number)}});
      running.application->forward(*number);
    } else if (*number == SIGHUP) {
      reload(running, signals);
    } else if (asks_to_end(*number)) {
      log_info("stopping", {{"signal", signal_name(*number)},
                            {"timeout_ms", running.config.shutdown_timeout().count()}});
      return std::nullopt;
    }
  }
}

// What is left of the time for the final sync.
milliseconds follow_at_the_end(Running& running, const Signals& signals) {
  const milliseconds timeout = running.config.shutdown_timeout();
  const MonoTime deadline = system_clock().mono() + timeout;
  const bool told_again = run_cancellable(signals, [&](const Cancel& cancel) {
    follow_what_it_made(running.supervisor, deadline, cancel);
    return cancel.cancelled();
  });
  if (told_again) running.supervisor.give_up();
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - system_clock().mono());
  return std::max(left, std::min(timeout, kAfterFailure));
}

// The failure of a final sync shows unless the application's own does.
int run_until_told(Running& running, const Signals& signals) {
  daemon::tell_ready();
  const auto application = serve(running, signals);
  if (application) log_info("the application has ended", {{"exit_code", *application}});
  running.folders.reset();
  for (const Server* server : {&running.control, &running.wait_control})
    if (*server) (*server)->cancel_waits();
  std::vector<std::string> databases;
  for (const auto& pipeline : running.supervisor.pipelines()) databases.push_back(pipeline->path());
  const milliseconds left =
      application ? follow_at_the_end(running, signals) : running.config.shutdown_timeout();
  const int stopped = stop(running.supervisor, signals, left);
  const int code = application.value_or(0) != 0 ? *application : stopped;
  running.commands.ended(code, databases);
  return code;
}

// Not before every database is followed: what it commits from its first moment on is replicated.
Status start_application(const StreamdOptions& options, Running& running, const Signals& signals) {
  if (options.application.empty()) return {};
  TRY(run_cancellable(signals, [&](const Cancel& cancel) {
    return wait_until_followed(running.supervisor, kFollowPatience, cancel);
  }));
  running.application = TRY(Application::start(options.application));
  log_info("application started",
           {{"pid", running.application->pid()}, {"program", options.application.front()}});
  return {};
}

Result<int> run_daemon(const StreamdOptions& options, Setup& setup, daemon::Supervisor& supervisor,
                       const Signals& signals, daemon::Companion companion) {
  daemon::Observer observer(supervisor, setup.config, system_clock());
  Running running{supervisor, LiveConfig(options, setup, supervisor, observer)};
  running.control = TRY(open_control(options, setup.config, supervisor, running.commands));
  running.wait_control = TRY(open_wait_control(setup.config.streamd, supervisor, running.commands));
  running.http = TRY(open_http(options, setup.config, supervisor, observer));
  TRY(supervisor.start(true));
  observer.start();
  const daemon::Watchdog watchdog(supervisor, std::move(companion), system_clock());
  const Status started = start_application(options, running, signals);
  if (started) return run_until_told(running, signals);
  const int stopped = stop(supervisor, signals, kAfterFailure, false);
  running.commands.ended(stopped, {});
  if (started.error().code == Code::kCancelled) return stopped;
  return Error(started.error());
}

Status prepare_databases(const StreamdOptions& options, Setup& setup, const Signals& signals,
                         bool& nothing_to_restore) {
  nothing_to_restore = TRY(run_cancellable(signals, [&](const Cancel& cancel) {
    return restore_missing(setup, options.restore_missing, cancel);
  }));
  if (options.adopt != "replica") return {};
  return run_cancellable(signals, [&](const Cancel& cancel) -> Status {
    const auto report = TRY(restore_over(setup, setup.config.databases.front(), cancel));
    log_info("restored over the database", {{"database", setup.config.databases.front().path},
                                            {"replica", report.replica},
                                            {"txid", report.plan.moment.txid.value}});
    return {};
  });
}

Result<int> run(const StreamdOptions& options, Setup& setup, const Signals& signals) {
  const config::Config& config = setup.config;
  bool nothing_to_restore = false;
  TRY(prepare_databases(options, setup, signals, nothing_to_restore));
  daemon::Companion companion = start_companion(config.streamd.watchdog);
  auto supervisor = TRY(
      daemon::Supervisor::create(config, *setup.drivers, system_clock(), options.adopt == "local"));
  supervisor->set_folders(folder_status(setup));
  log_info("streamd " STREAMD_VERSION " started",
           {{"databases", config.databases.size()},
            {"configuration", config.files.empty() ? "command line" : config.files.front()}});
  log_started(config);
  if (!options.once) return run_daemon(options, setup, *supervisor, signals, std::move(companion));
  TRY(supervisor->start());
  const daemon::Watchdog watchdog(*supervisor, std::move(companion), system_clock());
  const int code = run_once(*supervisor, signals, config.streamd.shutdown_timeout);
  return nothing_to_restore ? std::max<int>(code, daemon::kExitNoBackup) : code;
}

}  // namespace

int run_streamd(const StreamdOptions& options) {
  mallopt(M_MMAP_THRESHOLD, kLargeBuffer);
  if (options.application.empty()) forbid_core_dumps();  // else the application's would be, too
  const Signals signals(!options.application.empty());
  auto setup = read_setup(options);
  if (!setup) return report(kProgram, setup.error());
  if (options.check) return run_check(*setup, options);
  if (setup->problems.has_errors()) {
    fmt::print(stderr, "{}", check_report(setup->problems));
    return daemon::kExitConfiguration;
  }
  if (const Status files = daemon::allow_open_files(setup->config); !files)
    return report(kProgram, files.error());
  configure_log(options, setup->config.log);
  for (const config::Problem& problem : setup->problems.all())
    log_warn(problem.message, {{"where", to_text(problem.where)}, {"hint", problem.hint}});
  if (setup->config.databases.empty() && setup->config.directories.empty())
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
