#include "apps/streamd_options.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "apps/command_line.h"
#include "apps/empty_values.h"
#include "apps/report.h"
#include "daemon/exit_code.h"

namespace streamd::apps {
namespace {

constexpr const char* kFooter = R"(
Examples:
  streamd                                      everything in the configuration file
  streamd /data/app.db file:///backups/app     one database, no configuration file
  streamd --config my.toml --check             what is wrong with a configuration
  streamd --once                               one sync of everything, for cron
  streamd --exec 'app --port 80'               restore, replicate, and run the application

Exit codes: 0 done, 1 failure, 2 usage, 14 replica and database disagree, 15 another writer has
taken over, 20 storage unreachable, 21 credentials refused, 40 configuration wrong. `streamctl --help` lists all.
With --exec: that of the application, 128+n when signal n killed it.)";

}  // namespace

void declare_streamd(const Command& app, StreamdOptions& options) {
  app.footer(kFooter);
  app.version("streamd " STREAMD_VERSION);
  app.help();
  app.add_option("database", options.database, "database to replicate").type_name("DB");
  app.add_option("urls", options.urls, "its replicas, as file:///backups/app")
      .type_name("REPLICA-URL");
  app.add_option("--config", options.setup.config, "configuration file")
      .envname("STREAMD_CONFIG")
      .type_name("FILE")
      .shows_default();
  app.add_flag("--once", options.once, "one sync of everything, then exit");
  app.add_flag("--check", options.check, "read and check the configuration, load drivers, exit");
  app.add_flag("--restore-missing", options.restore_missing,
               "restore databases that do not exist before anything else");
  app.add_option("--exec", options.exec,
                 "run this command once the databases are restored and followed, pass signals on "
                 "to it, end with its exit code after a final sync; missing databases are restored "
                 "first (--restore-missing)")
      .type_name("CMD");
  app.add_option("--adopt", options.adopt,
                 "when database and replica disagree: local keeps the database and begins a new "
                 "generation, replica restores what the replica holds; with one database only")
      .one_of({"local", "replica"})
      .type_name("local|replica");
  app.add_option("--driver-path", options.setup.driver_path,
                 "folder of drivers, instead of the configured ones; may be repeated "
                 "($STREAMD_DRIVER_PATH)")
      .type_name("DIR")
      .one_value_at_a_time();
  app.add_option(
         "--identity", options.setup.identities,
         "opens encrypted backups for --restore-missing and --adopt replica; may be repeated "
         "($STREAMD_IDENTITY)")
      .type_name("FILE")
      .one_value_at_a_time();
  app.add_option("--log-level", options.log_level, "trace, debug, info, warn or error")
      .envname("STREAMD_LOG_LEVEL")
      .one_of({"trace", "debug", "info", "warn", "error"})
      .type_name("LEVEL");
  app.add_option("--log-format", options.log_format, "auto, text or json")
      .one_of({"auto", "text", "json"})
      .type_name("FORMAT");
  app.add_option("--control", options.control, "control socket; \"\" = none")
      .envname("STREAMD_CONTROL")
      .type_name("PATH");
  app.add_option("--http", options.http,
                 "address of metrics, health and the status page; \"\" = none")
      .envname("STREAMD_HTTP")
      .type_name("HOST:PORT");
  refuse_empty_values(app, {"--control", "--http"});
}

std::variant<StreamdOptions, int> parse_streamd_options(int argc, char** argv) {
  StreamdOptions options;
  const Program program("streamd: continuous backup of SQLite databases", "streamd");
  CLI::App& app = program.app();
  try {
    declare_streamd(program, options);
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    fmt::print(stderr, "streamd: {}\nhint: streamd --help\n", error.what());
    return daemon::kExitUsage;
  }
  if (!options.database.empty() && options.urls.empty()) {
    fmt::print(stderr, "streamd: no replica url for {}\nhint: streamd {} file:///backups/app\n",
               options.database, options.database);
    return daemon::kExitUsage;
  }
  if (options.exec.empty()) return options;
  auto words = split_command(options.exec);
  if (words && options.once)
    words = make_error(Code::kUsage, "--exec and --once: what is to run once, and what goes on?",
                       "use one of the two");
  if (!words) return report("streamd", words.error());
  options.application = std::move(*words);
  options.restore_missing = true;
  return options;
}

}  // namespace streamd::apps
