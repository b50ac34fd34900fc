#include "apps/commands/command.h"

#include <fmt/core.h>

#include <cstdlib>

#include "apps/control_path.h"
#include "base/file.h"
#include "base/printable.h"
#include "config/find.h"

namespace streamd::apps {

namespace {

// A variable that is set to nothing says nothing.
std::optional<std::string> from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

Command with_help(const Command& parent, const std::string& name, const std::string& description,
                  const std::string& example) {
  const Command command = parent.add_subcommand(name, description);
  command.footer("\nExample:\n  " + example);
  return command;
}

void declare_setup(const Command& command, Session& session) {
  command.add_option("--config", session.setup.config, "configuration file ($STREAMD_CONFIG)")
      .type_name("FILE")
      .shows_default();
  command
      .add_option("--driver-path", session.setup.driver_path,
                  "folder of drivers, instead of the configured ones; may be repeated "
                  "($STREAMD_DRIVER_PATH)")
      .type_name("DIR")
      .one_value_at_a_time();
  command
      .add_option("--identity", session.setup.identities,
                  "file of `streamctl keygen` that opens encrypted backups; may be repeated "
                  "($STREAMD_IDENTITY)")
      .type_name("FILE")
      .one_value_at_a_time();
}

}  // namespace

// Not CLI11's envname: it would be read for every command, those not given too, and win over the
// option of the one that was.
Session::Session() {
  if (auto file = from_environment("STREAMD_CONFIG")) setup.config = std::move(*file);
  control = from_environment("STREAMD_CONTROL");
}

Command declare_command(const Command& parent, Session& session, const std::string& name,
                        const std::string& description, const std::string& example) {
  const Command command = with_help(parent, name, description, example);
  declare_setup(command, session);
  return command;
}

Command declare_group(const Command& parent, Session& session, const std::string& name,
                      const std::string& description, const std::string& example) {
  const Command command = with_help(parent, name, description, example);
  command.require_subcommand();
  declare_common(command, session);
  return command;
}

void declare_common(const Command& app, Session& session) {
  declare_setup(app, session);
  declare_control(app, session);
  declare_json(app, session);
}

void declare_json(const Command& command, Session& session) {
  command.add_flag("--json", session.json, "print JSON");
}

void declare_control(const Command& command, Session& session) {
  command
      .add_option("--control", session.control, "control socket of the daemon ($STREAMD_CONTROL)")
      .type_name("PATH");
}

void print_json(const Json& json) {
  fmt::print("{}\n", json.print(2));
}

void print_problem(const std::string& what, const Json& error) {
  if (error.is_null()) return;
  fmt::print("{}: {}\n", printable(what), printable(error.string("message")));
  if (const std::string hint = error.string("hint"); !hint.empty())
    fmt::print("  hint: {}\n", printable(hint));
}

// The configuration only says where the daemon's socket is; its problems do not matter here.
daemon::ControlClient daemon_of(const Session& session) {
  const config::Loaded loaded = config::load(session.setup.config, config::process_context({}));
  return daemon::ControlClient(client_control(loaded.config, session.control));
}

bool has_no_configuration(const Session& session) {
  const auto there = stat_path(session.setup.config);
  return session.setup.config == default_config() && there && !*there;
}

Result<Json> ask_daemon(const Session& session, const std::string& resource,
                        const std::string& database, Json body, milliseconds patience) {
  if (!database.empty()) body.set("database", config::said_elsewhere(database));
  return daemon_of(session).post(resource, body, patience);
}

Result<Setup> right_setup(const Session& session, const std::string& database) {
  SetupOptions options = session.setup;
  options.wanted = database;
  Setup setup = load_setup(options);
  if (setup.problems.has_errors()) return to_error(setup.problems);
  return setup;
}

Result<Setup> setup_for(const Session& session, const std::string& database_or_url) {
  if (database_or_url.find("://") == std::string::npos)
    return right_setup(session, database_or_url);
  const auto there = stat_path(session.setup.config);
  return there && *there ? load_setup(session.setup) : setup_without_file(session.setup);
}

Result<const config::Database*> configured(const Setup& setup, const std::string& database) {
  if (const auto* found = TRY(config::find_database(setup.config, database))) return found;
  const std::string file = setup.config.files.empty() ? "" : setup.config.files.front();
  if (file.empty())
    return make_error(Code::kUsage,
                      "database " + config::said_elsewhere(database) +
                          ": there is no configuration that could name it",
                      "name one with --config; `streamctl status` asks a streamd that runs");
  return make_error(
      Code::kUsage,
      "database " + config::said_elsewhere(database) + " is not configured in " + file,
      "`streamctl databases` lists those that are");
}

}  // namespace streamd::apps
