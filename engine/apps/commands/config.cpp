// streamctl config check, streamctl config show
#include <fmt/core.h>

#include "apps/commands/command.h"
#include "apps/surroundings.h"
#include "config/estimate.h"
#include "config/render.h"
#include "daemon/exit_code.h"

namespace streamd::apps {
namespace {

Json problems_json(const config::Problems& problems) {
  Json all = Json::array();
  for (const config::Problem& problem : problems.all())
    all.push(Json::object({{"file", problem.where.file},
                           {"line", problem.where.line},
                           {"warning", problem.warning},
                           {"message", problem.message},
                           {"hint", problem.hint}}));
  return all;
}

Result<int> run_check(const Session& session) {
  const Setup setup = load_setup(session.setup);
  config::Problems problems = setup.problems;
  problems.add(check_surroundings(setup.config, std::nullopt, Asker::kAnybody));
  const bool wrong = problems.has_errors();
  if (session.json) {
    print_json(Json::object({{"valid", !wrong}, {"problems", problems_json(problems)}}));
  } else {
    fmt::print("{}", check_report(problems));
    if (!wrong) fmt::print("{}", config::estimate_report(config::estimate_requests(setup.config)));
  }
  return wrong ? daemon::kExitConfiguration : daemon::kExitDone;
}

Result<int> run_show(const Session& session, bool origin) {
  const Setup setup = TRY(right_setup(session));
  if (session.json)
    print_json(config::render_json(setup.config, origin));
  else
    fmt::print("{}", config::render_toml(setup.config, origin));
  return daemon::kExitDone;
}

}  // namespace

void add_config(CLI::App& app, Session& session) {
  CLI::App* config = declare_group(app, session, "config", "check or show the configuration",
                                   "streamctl config check --config my.toml");
  CLI::App* check =
      declare_command(*config, session, "check", "everything that is wrong, with file and line",
                      "streamctl config check --config my.toml");
  declare_json(*check, session);
  check->callback([&session] { session.run = [&session] { return run_check(session); }; });
  CLI::App* show = declare_command(*config, session, "show", "the values in effect; secrets as ***",
                                   "streamctl config show --origin");
  declare_json(*show, session);
  const auto origin = std::make_shared<bool>(false);
  show->add_flag("--origin", *origin, "where each value comes from");
  show->callback([&session, origin] {
    session.run = [&session, origin] { return run_show(session, *origin); };
  });
}

}  // namespace streamd::apps
