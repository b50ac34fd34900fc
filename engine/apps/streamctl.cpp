// Everything a person does: one file in commands/ for each command.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <csignal>

#include "apps/commands/command.h"
#include "apps/core_dumps.h"
#include "apps/empty_values.h"
#include "apps/report.h"
#include "config/nearest.h"
#include "daemon/exit_code.h"

namespace streamd::apps {
namespace {

constexpr const char* kProgram = "streamctl";

void declare_all(const Command& app, Session& session) {
  app.footer("\n" + daemon::exit_code_text());
  app.help();
  app.version("streamctl " STREAMD_VERSION);
  app.require_subcommand();
  declare_common(app, session);
  add_repair(app, session);
  add_restore(app, session);
  add_status(app, session);
  add_sync(app, session);
  add_snapshot(app, session);
  add_pause(app, session);
  add_resume(app, session);
  add_reload(app, session);
  add_register(app, session);
  add_unregister(app, session);
  add_stop(app, session);
  add_log_level(app, session);
  add_compact(app, session);
  add_adopt(app, session);
  add_databases(app, session);
  add_generations(app, session);
  add_snapshots(app, session);
  add_segments(app, session);
  add_timeline(app, session);
  add_prune(app, session);
  add_doctor(app, session);
  add_keygen(app, session);
  add_drivers(app, session);
  add_config(app, session);
  add_verify(app, session);
  add_torture(app, session);
  add_version(app, session);
  add_completion(app, session);
  add_manual(app, session);
  refuse_empty_values(app);
}

// The command that was reached, as it is typed: "streamctl drivers".
std::string typed(const CLI::App& app, const CLI::App*& reached) {
  std::string words = kProgram;
  reached = &app;
  while (!reached->get_subcommands().empty()) {
    reached = reached->get_subcommands().front();
    words += " " + reached->get_name();
  }
  return words;
}

Error usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* reached = nullptr;
  const std::string words = typed(app, reached);
  std::vector<std::string> commands;
  for (const CLI::App* each : reached->get_subcommands({})) commands.push_back(each->get_name());
  if (commands.empty() || error.get_name() != "RequiredError")
    return make_error(Code::kUsage, error.what(), words + " --help");
  const std::vector<std::string> rest = app.remaining(true);
  if (rest.empty()) return make_error(Code::kUsage, "which command?", words + " --help lists them");
  const std::string near = config::nearest(rest.front(), commands);
  return make_error(Code::kUsage, "there is no command `" + words + " " + rest.front() + "`",
                    near.empty() ? words + " --help lists those there are"
                                 : "did you mean `" + words + " " + near + "`?");
}

int run(int argc, char** argv) {
  Session session;
  const Program program("streamctl: restore databases, and talk to streamd", kProgram);
  CLI::App& app = program.app();
  try {
    declare_all(program, session);
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    return report(kProgram, usage_error(app, error));
  }
  const auto code = session.run();
  return code ? *code : report(kProgram, code.error());
}

}  // namespace
}  // namespace streamd::apps

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  streamd::apps::forbid_core_dumps();
  return streamd::apps::run(argc, argv);
}
