// streamctl reload, register, unregister: the daemon takes another configuration.
#include <fmt/core.h>

#include <filesystem>

#include "apps/commands/command.h"
#include "base/printable.h"
#include "daemon/exit_code.h"

namespace streamd::apps {
namespace {

constexpr milliseconds kPatience{120'000};

void print_paths(const char* what, const Json& paths) {
  for (const Json& path : paths.items())
    if (path.as_string() != nullptr) fmt::print("{} {}\n", what, printable(*path.as_string()));
}

Result<int> print_reloaded(const Session& session, const Json& answer) {
  if (session.json) {
    print_json(answer);
    return daemon::kExitDone;
  }
  bool changed = false;
  for (const char* what : {"added", "removed", "changed"}) {
    print_paths(what, answer.at(what));
    changed = changed || !answer.at(what).items().empty();
  }
  if (!changed) fmt::print("no database has changed\n");
  print_paths("takes effect when streamd is started again:", answer.at("needs_restart"));
  for (const Json& warning : answer.at("warnings").items())
    print_problem("warning: " + warning.string("where"), warning);
  return daemon::kExitDone;
}

Result<int> run_reload(const Session& session) {
  return print_reloaded(session,
                        TRY(ask_daemon(session, "/v1/reload", "", Json::object(), kPatience)));
}

Result<int> run_register(const Session& session, const std::string& database,
                         const std::vector<std::string>& urls) {
  Json replicas = Json::array();
  for (const std::string& url : urls) replicas.push(url);
  const std::string path = std::filesystem::absolute(database).lexically_normal().string();
  Json body = Json::object({{"replicas", std::move(replicas)}});
  return print_reloaded(session,
                        TRY(ask_daemon(session, "/v1/register", path, std::move(body), kPatience)));
}

Result<int> run_unregister(const Session& session, const std::string& database) {
  return print_reloaded(session,
                        TRY(ask_daemon(session, "/v1/unregister", database, {}, kPatience)));
}

}  // namespace

void add_reload(const Command& app, Session& session) {
  const Command command = declare_command(
      app, session, "reload",
      "the daemon reads its configuration anew; databases that mean the same are not disturbed",
      "streamctl reload");
  declare_json(command, session);
  declare_control(command, session);
  command.callback([&session] { session.run = [&session] { return run_reload(session); }; });
}

void add_register(const Command& app, Session& session) {
  const Command command = declare_command(
      app, session, "register",
      "add a database to the running daemon, for good: it is written to conf.d/registered.toml",
      "streamctl register /data/new.db file:///backups/new");
  const auto database = std::make_shared<std::string>();
  const auto urls = std::make_shared<std::vector<std::string>>();
  declare_json(command, session);
  declare_control(command, session);
  command.add_option("database", *database, "its path").required().type_name("DB");
  command.add_option("urls", *urls, "its replicas").required().type_name("REPLICA-URL");
  command.callback([&session, database, urls] {
    session.run = [&session, database, urls] { return run_register(session, *database, *urls); };
  });
}

void add_unregister(const Command& app, Session& session) {
  const Command command = declare_command(app, session, "unregister",
                                          "take a registered database out again; its replicas stay",
                                          "streamctl unregister /data/new.db");
  const auto database = std::make_shared<std::string>();
  declare_json(command, session);
  declare_control(command, session);
  command.add_option("database", *database, "path or name").required().type_name("DB");
  command.callback([&session, database] {
    session.run = [&session, database] { return run_unregister(session, *database); };
  });
}

}  // namespace streamd::apps
