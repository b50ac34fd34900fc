// streamctl doctor [DB]: looks for what is wrong around a backup, and says what to do.
#include <fmt/core.h>

#include <algorithm>

#include "apps/commands/command.h"
#include "apps/control_path.h"
#include "daemon/control_client.h"
#include "daemon/exit_code.h"
#include "daemon/open_files.h"
#include "daemon/status_json.h"
#include "daemon/supervisor.h"
#include "doctor/database.h"
#include "doctor/machine.h"
#include "doctor/store.h"
#include "sqlite/connection.h"
#include "state/layout.h"

namespace streamd::apps {
namespace {

using doctor::Findings;
using doctor::Severity;

constexpr milliseconds kDaemonPatience{15'000}, kStorePatience{60'000};

void check_configuration(const Setup& setup, Findings& findings) {
  for (const config::Problem& problem : setup.problems.all()) {
    const std::string subject = "configuration " + config::to_text(problem.where);
    if (problem.warning)
      findings.warning(subject, problem.message, problem.hint);
    else
      findings.problem(subject, make_error(Code::kInvalidConfig, problem.message, problem.hint));
  }
  const std::string file =
      setup.config.files.empty() ? "configuration" : "configuration " + setup.config.files.front();
  if (!setup.problems.has_errors() && !setup.config.databases.empty())
    findings.ok(file, fmt::format("{} database{}", setup.config.databases.size(),
                                  setup.config.databases.size() == 1 ? "" : "s"));
  else if (!setup.problems.has_errors())
    findings.problem(file, make_error(Code::kInvalidConfig, "it names no database",
                                      "add a [[database]] with its path and a replica"));
}

void check_drivers(const Setup& setup, const std::vector<const config::Database*>& databases,
                   Findings& findings) {
  std::vector<std::string> seen;
  for (const config::Database* database : databases)
    for (const config::Replica& replica : database->replicas) {
      if (std::find(seen.begin(), seen.end(), replica.driver) != seen.end()) continue;
      seen.push_back(replica.driver);
      const auto driver = setup.drivers->find(replica.driver);
      if (driver)
        findings.ok("driver " + replica.driver, (*driver)->version() + ", " + (*driver)->path());
      else
        findings.problem("driver " + replica.driver, driver.error());
    }
}

void judge_daemon_database(const Json& database, Findings& findings) {
  const std::string subject = "streamd, database " + database.string("database");
  const Json& error = database.at("error");
  if (error.is_null())
    findings.ok(subject, database.string("state"));
  else
    findings.problem(subject, daemon::error_from_json(error));
  for (const Json& replica : database.at("replicas").items()) {
    const std::string of = subject + ", replica " + replica.string("name");
    if (replica.at("error").is_null())
      findings.ok(of, replica.string("state"));
    else
      findings.problem(of, daemon::error_from_json(replica.at("error")));
  }
}

void check_daemon(const Session& session, const Setup& setup, const std::string& wanted,
                  Findings& findings) {
  const daemon::ControlClient client(client_control(setup.config, session.control));
  const auto status = client.get("/v1/status", kDaemonPatience);
  if (!status) {
    findings.problem("streamd", status.error());
    return;
  }
  findings.ok("streamd", status->at("daemon").string("version") + " answers at " + client.path());
  for (const Json& database : status->at("databases").items())
    if (wanted.empty() || database.string("database") == wanted)
      judge_daemon_database(database, findings);
}

void check_replicas(Setup& setup, const config::Database& database, Findings& findings) {
  for (const config::Replica& replica : database.replicas) {
    const std::string subject = "replica " + replica.name + " of " + database.path;
    const auto opened = daemon::open_replica(replica, *setup.drivers);
    if (!opened) {
      findings.problem(subject, opened.error());
      continue;
    }
    storage::Call call;
    call.timeout = kStorePatience;
    doctor::check_store(*opened->store, subject, system_clock(), call, findings);
    doctor::judge_expiry(subject, replica.prefix, opened->driver->expiry_rules(call), findings);
  }
}

Result<Findings> examine(const Session& session, Setup& setup, const std::string& wanted) {
  std::vector<const config::Database*> databases;
  std::string path;
  if (!wanted.empty()) {
    databases = {TRY(configured(setup, wanted))};
    path = databases.front()->real_path;
  } else {
    for (const config::Database& database : setup.config.databases) databases.push_back(&database);
  }
  Findings findings;
  check_configuration(setup, findings);
  doctor::check_machine(setup.config.databases.size(), daemon::needed_files(setup.config),
                        findings);
  check_drivers(setup, databases, findings);
  check_daemon(session, setup, path, findings);
  sqlite::initialise();
  for (const config::Database* database : databases) {
    const auto layout = state::layout_for(database->real_path, setup.config.streamd.state_dir);
    doctor::DatabaseToCheck check{database->real_path,       layout ? layout->folder : "",
                                  database->restore_missing, database->set_wal,
                                  database->wal_soft_limit,  database->spool_max_size};
    doctor::check_database(check, findings);
    check_replicas(setup, *database, findings);
  }
  return findings;
}

int exit_code_of(const Findings& findings) {
  int code = daemon::kExitDone;
  for (const doctor::Finding& finding : findings.all())
    if (finding.severity == Severity::kProblem)
      code = std::max<int>(code, daemon::exit_code(finding.code));
  return code;
}

Result<int> run_doctor(const Session& session, const std::string& database) {
  Setup setup = load_setup(session.setup);
  const Findings findings = TRY(examine(session, setup, database));
  const int code = exit_code_of(findings);
  if (session.json) {
    print_json(Json::object({{"findings", doctor::to_json(findings)},
                             {"problems", findings.count(Severity::kProblem)},
                             {"warnings", findings.count(Severity::kWarning)},
                             {"exit_code", code}}));
    return code;
  }
  fmt::print("{}{} problem{}, {} warning{}\n", doctor::report(findings),
             findings.count(Severity::kProblem), findings.count(Severity::kProblem) == 1 ? "" : "s",
             findings.count(Severity::kWarning),
             findings.count(Severity::kWarning) == 1 ? "" : "s");
  return code;
}

}  // namespace

void add_doctor(const Command& app, Session& session) {
  const Command command =
      declare_command(app, session, "doctor",
                      "look for what is wrong: configuration, machine, drivers, daemon, databases "
                      "and who keeps their logs, stores; says what to do",
                      "streamctl doctor /data/app.db");
  const auto database = std::make_shared<std::string>();
  declare_json(command, session);
  declare_control(command, session);
  command.add_option("database", *database, "only this one: configured path or name")
      .type_name("DB");
  command.callback([&session, database] {
    session.run = [&session, database] { return run_doctor(session, *database); };
  });
}

}  // namespace streamd::apps
