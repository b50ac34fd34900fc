// Everything a person does: one file in commands/ for each command.
#include <fmt/core.h>

#include <csignal>

#include "apps/commands/command.h"
#include "apps/report.h"
#include "daemon/exit_code.h"

namespace streamd::apps {
namespace {

constexpr const char* kProgram = "streamctl";
constexpr const char* kFooter = R"(
Exit codes: 0 done, 1 failure, 2 usage, 10 no backup exists, 11 the target exists, 12 the moment
is not kept, 13 not yet restorable, 14 replica and database disagree, 15 another writer has taken
over, 20 storage unreachable, 21 credentials refused, 30 backup damaged, 40 configuration wrong,
50 daemon not running.)";

void declare_all(CLI::App& app, Session& session) {
  app.footer(kFooter);
  app.set_help_flag("-h,--help", "print this and exit");
  app.set_version_flag("--version", "streamctl " STREAMD_VERSION);
  app.require_subcommand(1);
  add_restore(app, session);
  add_status(app, session);
  add_sync(app, session);
  add_databases(app, session);
  add_generations(app, session);
  add_snapshots(app, session);
  add_segments(app, session);
  add_drivers(app, session);
  add_config(app, session);
  add_version(app, session);
}

int run(int argc, char** argv) {
  Session session;
  CLI::App app("streamctl: restore databases, and talk to streamd", kProgram);
  try {
    declare_all(app, session);
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    fmt::print(stderr, "{}: {}\nhint: {} --help\n", kProgram, error.what(), kProgram);
    return daemon::kExitUsage;
  }
  const auto code = session.run();
  return code ? *code : report(kProgram, code.error());
}

}  // namespace
}  // namespace streamd::apps

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return streamd::apps::run(argc, argv);
}
