// streamctl status [DB]: the daemon's view; without a daemon what local state and replicas tell.
#include <fmt/core.h>

#include "apps/commands/command.h"
#include "apps/control_path.h"
#include "apps/offline_status.h"
#include "apps/report.h"
#include "apps/table.h"
#include "base/printable.h"
#include "config/find.h"
#include "daemon/control_client.h"
#include "daemon/exit_code.h"

namespace streamd::apps {
namespace {

constexpr milliseconds kPatience{15'000};

std::string number(const Json& json, std::string_view name) {
  return json.at(name).is_null() ? "-" : std::to_string(json.integer(name));
}

std::string text(const Json& json, std::string_view name) {
  return json.string(name, "-");
}

bool something_is_proven(const Json& status) {
  for (const Json& database : status.at("databases").items())
    for (const Json& replica : database.at("replicas").items())
      if (!replica.at("proven_at").is_null()) return true;
  return false;
}

void print_text(const Json& status) {
  if (status.at("daemon").is_null()) fmt::print("daemon not running\n");
  std::vector<std::string> header{"DATABASE", "STATE", "TXID",   "REPLICA",
                                  "STATE",    "TXID",  "BEHIND", "SNAPSHOT"};
  const bool proven = something_is_proven(status);
  if (proven) header.push_back("PROVEN");
  Table table(std::move(header));
  for (const Json& database : status.at("databases").items())
    for (const Json& replica : database.at("replicas").items()) {
      std::vector<std::string> row{database.string("database"),
                                   text(database, "state"),
                                   number(database, "txid"),
                                   replica.string("name"),
                                   text(replica, "state"),
                                   number(replica, "txid"),
                                   number(replica, "lag_transactions"),
                                   text(replica, "snapshot_time")};
      if (proven) row.push_back(text(replica, "proven_txid_time"));
      table.add(std::move(row));
    }
  if (!table.empty()) fmt::print("{}", table.text());
  for (const Json& folder : status.at("folders").items())
    print_problem(folder.string("directory"), folder.at("error"));
  for (const Json& database : status.at("databases").items()) {
    const std::string path = database.string("database");
    print_problem(path, database.at("error"));
    for (const Json& replica : database.at("replicas").items()) {
      const std::string where = path + ", replica " + replica.string("name");
      print_problem(where, replica.at("error"));
      const Json& upkeep = replica.at("upkeep_error");
      if (!upkeep.is_null()) print_problem(where + ", " + upkeep.string("job"), upkeep.at("error"));
    }
  }
}

Result<Json> daemons_view(const Session& session, const config::Config& config,
                          const std::string& database) {
  std::string resource = "/v1/status";
  if (!database.empty()) resource += "?database=" + daemon::query_encode(database);
  return daemon::ControlClient(client_control(config, session.control)).get(resource, kPatience);
}

Result<int> run_status(const Session& session, const std::string& database) {
  SetupOptions setup_options = session.setup;
  setup_options.wanted = database;
  Setup setup = load_setup(setup_options);
  const auto* known = TRY(config::find_database(setup.config, database));
  const std::string wanted = known != nullptr ? known->real_path : config::said_elsewhere(database);
  auto status = daemons_view(session, setup.config, wanted);
  if (!status && status.error().code != Code::kDaemonNotRunning) return Error(status.error());
  if (!status) {
    if (has_no_configuration(session)) return Error(status.error());
    if (setup.problems.has_errors()) return to_error(setup.problems);
    if (!database.empty()) TRY(configured(setup, database));
    status = offline_status(setup, wanted);
  }
  if (!status) return Error(status.error());
  if (session.json)
    print_json(*status);
  else
    print_text(*status);
  return daemon::kExitDone;
}

}  // namespace

void add_status(const Command& app, Session& session) {
  const Command command =
      declare_command(app, session, "status", "state of the databases and their replicas",
                      "streamctl status /data/app.db --json");
  const auto database = std::make_shared<std::string>();
  declare_json(command, session);
  declare_control(command, session);
  command.add_option("database", *database, "configured path or name").type_name("DB");
  command.callback([&session, database] {
    session.run = [&session, database] { return run_status(session, *database); };
  });
}

}  // namespace streamd::apps
