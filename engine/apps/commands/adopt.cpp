// streamctl adopt DB local|replica: database and replica disagree, and a person says which is
// right.
#include <fmt/core.h>

#include "apps/commands/command.h"
#include "apps/restore_over.h"
#include "apps/signals.h"
#include "base/log.h"
#include "config/value.h"
#include "daemon/exit_code.h"
#include "daemon/supervisor.h"
#include "daemon/wait.h"

namespace streamd::apps {
namespace {

struct AdoptOptions {
  std::string database, which, timeout = "10m";
};

// As a daemon that runs until every replica has the first snapshot of the new generation.
Result<Json> adopt_local(Setup& setup, const config::Database& database, milliseconds timeout,
                         const Cancel& cancel) {
  config::Config config = setup.config;
  config.databases = {database};
  log_set_level(LogLevel::kError);
  const Clock& clock = system_clock();
  auto supervisor = TRY(daemon::Supervisor::create(config, *setup.drivers, clock, true));
  TRY(supervisor->start());
  const auto running = TRY(supervisor->find(config.databases.front().real_path));
  replicate::Pipeline& pipeline = *running;
  const daemon::WaitLimits limits{clock.mono() + timeout, {}, true};
  const auto txid = daemon::sync_within(pipeline, limits, cancel, clock);
  Status waited;
  if (txid) waited = daemon::wait_within(pipeline, *txid, "", limits, cancel, clock);
  const Status stopped = supervisor->stop(milliseconds(txid && waited ? 10'000 : 0));
  if (!txid) return Error(txid.error());
  TRY(std::move(waited));
  TRY(Status(stopped));
  return Json::object({{"database", pipeline.path()},
                       {"adopted", "local"},
                       {"generation", to_text(pipeline.status().generation)},
                       {"txid", txid->value},
                       {"moved_away", Json::array()}});
}

Result<Json> adopt_replica(Setup& setup, const config::Database& database, const Cancel& cancel) {
  const restore::RestoreReport report = TRY(restore_over(setup, database, cancel));
  Json moved = Json::array();
  for (const std::string& path : report.moved_away) moved.push(path);
  return Json::object({{"database", database.real_path},
                       {"adopted", "replica"},
                       {"generation", to_text(report.plan.moment.generation)},
                       {"txid", report.plan.moment.txid.value},
                       {"moved_away", std::move(moved)}});
}

void print_text(const Json& done) {
  if (done.string("adopted") == "local")
    fmt::print("{} is right: generation {} begins at transaction {} on every replica\n",
               done.string("database"), done.string("generation"), done.integer("txid"));
  else
    fmt::print("{} is what the replica holds: generation {}, transaction {}\n",
               done.string("database"), done.string("generation"), done.integer("txid"));
  for (const Json& path : done.at("moved_away").items())
    fmt::print("kept what was there: {}\n", *path.as_string());
}

Result<int> run_adopt(const Session& session, const AdoptOptions& options) {
  const auto timeout = config::parse_duration(options.timeout);
  if (!timeout)
    return make_error(Code::kUsage, "--timeout: " + timeout.error().message, timeout.error().hint);
  if (has_no_configuration(session))
    return make_error(Code::kInvalidConfig,
                      "adopt " + options.database + ": no configuration names its replicas",
                      "without one streamd itself decides: end it, then start it once as `streamd "
                      "--adopt " +
                          options.which + " " + options.database + " REPLICA-URL`");
  const Signals signals;
  Setup setup = TRY(right_setup(session, options.database));
  const config::Database database = *TRY(configured(setup, options.database));
  const auto done = run_cancellable(signals, [&](const Cancel& cancel) {
    return options.which == "local" ? adopt_local(setup, database, *timeout, cancel)
                                    : adopt_replica(setup, database, cancel);
  });
  if (!done) return Error(done.error()).with_context("adopt " + options.database);
  if (session.json)
    print_json(*done);
  else
    print_text(*done);
  return daemon::kExitDone;
}

}  // namespace

void add_adopt(const Command& app, Session& session) {
  const Command command = declare_command(
      app, session, "adopt",
      "database and replicas disagree: local = the database is right, replica = the replica is",
      "streamctl adopt /data/app.db local");
  const auto options = std::make_shared<AdoptOptions>();
  declare_json(command, session);
  command.add_option("database", options->database, "configured path or name")
      .required()
      .type_name("DB");
  command.add_option("which", options->which, "what is right; no streamd may be running for DB")
      .required()
      .one_of({"local", "replica"})
      .type_name("local|replica");
  command.add_option("--timeout", options->timeout, "give up on the replicas after")
      .type_name("DURATION")
      .shows_default();
  command.callback([&session, options] {
    session.run = [&session, options] { return run_adopt(session, *options); };
  });
}

}  // namespace streamd::apps
