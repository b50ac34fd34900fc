// streamctl databases: what is configured.
#include <fmt/core.h>

#include "apps/commands/command.h"
#include "apps/table.h"
#include "base/file.h"
#include "daemon/exit_code.h"

namespace streamd::apps {
namespace {

Json replicas_json(const config::Database& database) {
  Json replicas = Json::array();
  for (const config::Replica& replica : database.replicas)
    replicas.push(Json::object(
        {{"name", replica.name}, {"driver", replica.driver}, {"path", replica.prefix}}));
  return replicas;
}

std::string replicas_text(const config::Database& database) {
  std::string text;
  for (const config::Replica& replica : database.replicas)
    text += (text.empty() ? "" : ", ") + replica.name + " (" + replica.driver + ")";
  return text;
}

Result<int> run_databases(const Session& session) {
  const Setup setup = TRY(right_setup(session));
  Json all = Json::array();
  Table table({"NAME", "DATABASE", "EXISTS", "REPLICAS"});
  for (const config::Database& database : setup.config.databases) {
    const bool exists = TRY(stat_path(database.real_path)).has_value();
    all.push(Json::object({{"database", database.path},
                           {"name", database.name},
                           {"exists", exists},
                           {"replicas", replicas_json(database)}}));
    table.add({database.name, database.path, exists ? "yes" : "no", replicas_text(database)});
  }
  if (session.json)
    print_json(Json::object({{"databases", std::move(all)}}));
  else
    fmt::print("{}", table.text());
  return daemon::kExitDone;
}

}  // namespace

void add_databases(const Command& app, Session& session) {
  const Command command = declare_command(app, session, "databases",
                                          "databases of the configuration and their replicas",
                                          "streamctl databases --json");
  declare_json(command, session);
  command.callback([&session] { session.run = [&session] { return run_databases(session); }; });
}

}  // namespace streamd::apps
