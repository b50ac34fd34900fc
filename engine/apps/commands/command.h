// What the commands of streamctl share: their options, how they are declared, how they print.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "apps/declaration.h"
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
Command declare_command(const Command& parent, Session& session, const std::string& name,
                        const std::string& description, const std::string& example);
// A command that only holds others.
Command declare_group(const Command& parent, Session& session, const std::string& name,
                      const std::string& description, const std::string& example);
// What means the same for every command may stand before its name too; what follows it wins.
void declare_common(const Command& app, Session& session);
void declare_json(const Command& command, Session& session);
void declare_control(const Command& command, Session& session);

void print_json(const Json& json);
// "what: message" and the hint below it, of an error as the daemon tells it; nothing for null.
void print_problem(const std::string& what, const Json& error);

// The daemon that the command line, the environment or the configuration names.
daemon::ControlClient daemon_of(const Session& session);
// Nobody named a configuration, and there is none in the usual place.
bool has_no_configuration(const Session& session);
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
void add_adopt(const Command& app, Session& session);
void add_compact(const Command& app, Session& session);
void add_completion(const Command& app, Session& session);
void add_config(const Command& app, Session& session);
void add_databases(const Command& app, Session& session);
void add_doctor(const Command& app, Session& session);
void add_drivers(const Command& app, Session& session);
void add_generations(const Command& app, Session& session);
void add_keygen(const Command& app, Session& session);
void add_log_level(const Command& app, Session& session);
void add_manual(const Command& app, Session& session);
void add_pause(const Command& app, Session& session);
void add_prune(const Command& app, Session& session);
void add_register(const Command& app, Session& session);
void add_reload(const Command& app, Session& session);
void add_repair(const Command& app, Session& session);
void add_restore(const Command& app, Session& session);
void add_resume(const Command& app, Session& session);
void add_segments(const Command& app, Session& session);
void add_snapshot(const Command& app, Session& session);
void add_snapshots(const Command& app, Session& session);
void add_status(const Command& app, Session& session);
void add_stop(const Command& app, Session& session);
void add_sync(const Command& app, Session& session);
void add_timeline(const Command& app, Session& session);
void add_torture(const Command& app, Session& session);
void add_unregister(const Command& app, Session& session);
void add_verify(const Command& app, Session& session);
void add_version(const Command& app, Session& session);

}  // namespace streamd::apps
