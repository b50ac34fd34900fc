// streamctl config check, show and import
#include <fmt/core.h>

#include "apps/commands/command.h"
#include "apps/surroundings.h"
#include "base/file.h"
#include "config/estimate.h"
#include "config/import/litestream.h"
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

// A secret may be in it: never readable by others, and nothing that exists is lost.
Status write_new(const std::string& path, const std::string& text) {
  auto created = File::create_new(path, 0600);
  if (!created && created.error().code == Code::kExists)
    return make_error(Code::kTargetExists, "write " + path + ": it exists",
                      "remove it, or name another file with -o");
  File file = TRY(std::move(created));
  TRY(file.write_at(0, as_bytes(text)));
  return file.sync();
}

Result<int> run_import(const std::string& from, const std::string& out) {
  const Bytes text = TRY(read_file(from, 4 * kMiB));
  const config::Imported imported = TRY(config::import_litestream(as_text(text), from));
  if (out.empty())
    fmt::print("{}", imported.toml);
  else
    TRY(write_new(out, imported.toml));
  fmt::print(stderr, "{}", check_report(imported.warnings));
  return daemon::kExitDone;
}

void add_import(const Command& config, Session& session) {
  const Command command =
      declare_command(config, session, "import", "make a configuration out of one of Litestream's",
                      "streamctl config import /etc/litestream.yml -o /etc/streamd/streamd.toml");
  const auto from = std::make_shared<std::string>(), out = std::make_shared<std::string>();
  command.add_option("file", *from, "litestream.yml, of 0.3 or 0.5").required().type_name("FILE");
  command.add_option("-o,--output", *out, "the file to make; default: it is printed")
      .type_name("OUT");
  command.callback(
      [&session, from, out] { session.run = [from, out] { return run_import(*from, *out); }; });
}

}  // namespace

void add_config(const Command& app, Session& session) {
  const Command config =
      declare_group(app, session, "config", "check, show or make the configuration",
                    "streamctl config check --config my.toml");
  const Command check =
      declare_command(config, session, "check", "everything that is wrong, with file and line",
                      "streamctl config check --config my.toml");
  declare_json(check, session);
  check.callback([&session] { session.run = [&session] { return run_check(session); }; });
  const Command show =
      declare_command(config, session, "show", "the values in effect; secrets as ***",
                      "streamctl config show --origin");
  declare_json(show, session);
  const auto origin = std::make_shared<bool>(false);
  show.add_flag("--origin", *origin, "where each value comes from");
  show.callback([&session, origin] {
    session.run = [&session, origin] { return run_show(session, *origin); };
  });
  add_import(config, session);
}

}  // namespace streamd::apps
