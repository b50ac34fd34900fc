// stress_writer MODE DATABASE [options]: one client of the stress database.
#include <CLI/CLI.hpp>
#include <map>

#include "schema.h"

int main(int argc, char** argv) {
  using stress::Options;
  using stress::Pace;
  const std::map<std::string, int (*)(const Options&)> modes = {
      {"init", [](const Options& o) { return stress::create_database(o) ? 0 : 1; }},
      {"mix", [](const Options& o) { return stress::run_writer(o, Pace::kMixed); }},
      {"slow", [](const Options& o) { return stress::run_writer(o, Pace::kSlow); }},
      {"hot", [](const Options& o) { return stress::run_writer(o, Pace::kHot); }},
      {"reader", stress::run_reader},
      {"bench", stress::run_bench},
  };
  Options options;
  std::string mode;
  CLI::App app("one client of the stress database");
  app.add_option("mode", mode, "init, mix, slow, hot, reader or bench")
      ->required()
      ->check(CLI::IsMember(modes));
  app.add_option("database", options.database)->required();
  app.add_option("--seed", options.seed, "fixes what the client does");
  app.add_option("--seconds", options.seconds, "how long");
  app.add_option("--log", options.log, "where to append the user_version of each commit");
  app.add_option("--page-size", options.page_size);
  app.add_option("--auto-vacuum", options.auto_vacuum, "0 none, 1 full, 2 incremental");
  app.add_option("--synchronous", options.synchronous, "bench: the pragma's value");
  app.add_option("--pace-us", options.pace_us,
                 "bench: microseconds from one transaction to the next");
  app.add_option("--rows", options.rows, "bench: rows a transaction");
  CLI11_PARSE(app, argc, argv);
  stress::watch_for_stop();
  return modes.at(mode)(options);
}
