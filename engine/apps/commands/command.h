// What the commands of streamctl share: their options, how they are declared, how they print.
#pragma once
#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>

#include "apps/setup.h"
#include "base/json.h"
#include "daemon/control_client.h"

namespace streamd::apps {

struct Session {
  Session();  // with what the environment says
  SetupOptions setup;
  std::optional<std::string> control;
  bool json = false;
  // Set by the command that was given; its exit code.
  std::function<Result<int>()> run;
};

// A command with --config, --driver-path and an example at the end of its help.
CLI::App* declare_command(CLI::App& parent, Session& session, const std::string& name,
                          const std::string& description, const std::string& example);
// A command that only holds others.
CLI::App* declare_group(CLI::App& parent, Session& session, const std::string& name,
                        const std::string& description, const std::string& example);
// What means the same for every command may stand before its name too; what follows it wins.
void declare_common(CLI::App& app, Session& session);
void declare_json(CLI::App& command, Session& session);
void declare_control(CLI::App& command, Session& session);

void print_json(const Json& json);
// "what: message" and the hint below it, of an error as the daemon tells it; nothing for null.
void print_problem(const std::string& what, const Json& error);

// The daemon that the command line, the environment or the configuration names.
daemon::ControlClient daemon_of(const Session& session);
// POST to the daemon, with `database` (a path or name; empty = none) in the body.
Result<Json> ask_daemon(const Session& session, const std::string& resource,
                        const std::string& database, Json body, milliseconds patience);

// The setup of a command that needs a right configuration; its problems in one error. `database`:
// what the command is about.
Result<Setup> right_setup(const Session& session, const std::string& database = {});
// That of a command that may have a URL in its place: the configuration is used if there is one.
Result<Setup> setup_for(const Session& session, const std::string& database_or_url);
// kUsage when it is not configured.
Result<const config::Database*> configured(const Setup& setup, const std::string& database);

// One declaration for each command; they live in commands/<name>.cpp.
void add_adopt(CLI::App& app, Session& session);
void add_compact(CLI::App& app, Session& session);
void add_completion(CLI::App& app, Session& session);
void add_config(CLI::App& app, Session& session);
void add_databases(CLI::App& app, Session& session);
void add_doctor(CLI::App& app, Session& session);
void add_drivers(CLI::App& app, Session& session);
void add_generations(CLI::App& app, Session& session);
void add_keygen(CLI::App& app, Session& session);
void add_log_level(CLI::App& app, Session& session);
void add_manual(CLI::App& app, Session& session);
void add_pause(CLI::App& app, Session& session);
void add_prune(CLI::App& app, Session& session);
void add_register(CLI::App& app, Session& session);
void add_reload(CLI::App& app, Session& session);
void add_repair(CLI::App& app, Session& session);
void add_restore(CLI::App& app, Session& session);
void add_resume(CLI::App& app, Session& session);
void add_segments(CLI::App& app, Session& session);
void add_snapshot(CLI::App& app, Session& session);
void add_snapshots(CLI::App& app, Session& session);
void add_status(CLI::App& app, Session& session);
void add_stop(CLI::App& app, Session& session);
void add_sync(CLI::App& app, Session& session);
void add_timeline(CLI::App& app, Session& session);
void add_unregister(CLI::App& app, Session& session);
void add_verify(CLI::App& app, Session& session);
void add_version(CLI::App& app, Session& session);

}  // namespace streamd::apps
