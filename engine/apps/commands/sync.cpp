// streamctl sync DB: everything committed so far is sealed and sent.
#include <fmt/core.h>

#include <algorithm>

#include "apps/commands/command.h"
#include "apps/control_path.h"
#include "base/log.h"
#include "base/printable.h"
#include "config/find.h"
#include "config/value.h"
#include "daemon/control_client.h"
#include "daemon/exit_code.h"
#include "daemon/supervisor.h"
#include "daemon/wait.h"

namespace streamd::apps {
namespace {

struct SyncOptions {
  std::string database, replica, timeout = "60s";
  unsigned min_replicas = 0;
  bool wait = false;
};

// Until the daemon must have answered, whatever it waits for.
constexpr milliseconds kMargin{15'000}, kMostOfStopping{10'000};

Result<Json> sync_there(const std::string& control, const SyncOptions& options,
                        const std::string& database, milliseconds timeout) {
  const Json body = Json::object({{"database", database},
                                  {"wait", options.wait},
                                  {"replica", options.replica},
                                  {"min_replicas", std::int64_t{options.min_replicas}},
                                  {"timeout_ms", static_cast<std::int64_t>(timeout.count())}});
  return daemon::ControlClient(control).post("/v1/sync", body, timeout + kMargin);
}

// Without a daemon: as one that runs for a moment.
Result<Json> sync_here(Setup setup, const SyncOptions& options, milliseconds timeout) {
  config::Config config = setup.config;
  config.databases = {*TRY(configured(setup, options.database))};
  const auto& replicas_there = config.databases.front().replicas;
  if (!options.replica.empty() &&
      std::none_of(replicas_there.begin(), replicas_there.end(),
                   [&](const config::Replica& each) { return each.name == options.replica; }))
    return make_error(Code::kUsage, "there is no replica named " + options.replica,
                      "`streamctl databases` lists them");
  log_set_level(LogLevel::kError);
  const Clock& clock = system_clock();
  auto supervisor = TRY(daemon::Supervisor::create(config, *setup.drivers, clock));
  TRY(supervisor->start());
  const auto running = TRY(supervisor->find(config.databases.front().real_path));
  replicate::Pipeline& pipeline = *running;
  const daemon::WaitLimits limits{clock.mono() + timeout, {}, true};
  const Cancel never;
  const auto txid = daemon::sync_within(pipeline, limits, never, clock);
  Status waited;
  if (txid && options.min_replicas > 0)
    waited = daemon::wait_within_some(pipeline, *txid, options.min_replicas, limits, never, clock);
  else if (txid)
    waited = daemon::wait_within(pipeline, *txid, options.replica, limits, never, clock);
  const Status stopped = supervisor->stop(txid && waited ? kMostOfStopping : milliseconds(0));
  const replicate::DatabaseStatus status = pipeline.status();
  if (!txid) return Error(txid.error());
  TRY(std::move(waited));
  if (options.replica.empty() && options.min_replicas == 0) TRY(std::move(stopped));
  Json replicas = Json::array();
  for (const auto& each : status.replicas)
    replicas.push(Json::object({{"name", each.name}, {"txid", each.acknowledged.value}}));
  return Json::object({{"database", status.path},
                       {"generation", to_text(status.generation)},
                       {"txid", txid->value},
                       {"replicas", std::move(replicas)}});
}

Result<int> run_sync(const Session& session, const SyncOptions& options) {
  const auto timeout = config::parse_duration(options.timeout);
  if (!timeout)
    return make_error(Code::kUsage, "--timeout: " + timeout.error().message, timeout.error().hint);
  SetupOptions setup_options = session.setup;
  setup_options.wanted = options.database;
  Setup setup = load_setup(setup_options);
  // A daemon may know what no configuration names.
  const auto* known = TRY(config::find_database(setup.config, options.database));
  const std::string database =
      known != nullptr ? known->real_path : config::said_elsewhere(options.database);
  const std::string control = client_control(setup.config, session.control);
  auto done = sync_there(control, options, database, *timeout);
  if (!done && done.error().code == Code::kDaemonNotRunning) {
    if (has_no_configuration(session)) return Error(done.error());
    if (setup.problems.has_errors())
      return to_error(setup.problems).with_context("no daemon answers at " + control);
    done = sync_here(std::move(setup), options, *timeout);
  }
  if (!done) return Error(std::move(done.error())).with_context("sync " + options.database);
  if (session.json) {
    print_json(*done);
    return daemon::kExitDone;
  }
  fmt::print("{} is at transaction {}", printable(options.database), done->integer("txid"));
  for (const Json& replica : done->at("replicas").items())
    fmt::print(", {} at {}", replica.string("name"), replica.integer("txid"));
  fmt::print("\n");
  return daemon::kExitDone;
}

}  // namespace

void add_sync(const Command& app, Session& session) {
  const Command command = declare_command(
      app, session, "sync", "seal and send everything committed so far; without a daemon too",
      "streamctl sync /data/app.db --wait --timeout 30s");
  const auto options = std::make_shared<SyncOptions>();
  declare_json(command, session);
  declare_control(command, session);
  command.add_option("database", options->database, "configured path or name")
      .required()
      .type_name("DB");
  const Option wait =
      command.add_flag("--wait", options->wait, "until the replicas have acknowledged it");
  const Option replica =
      command.add_option("--replica", options->replica, "wait for this one only").type_name("NAME");
  command
      .add_option("--min-replicas", options->min_replicas,
                  "wait for so many of them, whichever they are")
      .between(1, 1000)
      .needs(wait)
      .excludes(replica)
      .type_name("N");
  command.add_option("--timeout", options->timeout, "give up after")
      .type_name("DURATION")
      .shows_default();
  command.callback([&session, options] {
    session.run = [&session, options] { return run_sync(session, *options); };
  });
}

}  // namespace streamd::apps
