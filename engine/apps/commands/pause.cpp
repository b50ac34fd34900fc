// streamctl pause DB, resume DB: the daemon lets go of a database, and follows it again.
#include <fmt/core.h>

#include "apps/commands/command.h"
#include "base/printable.h"
#include "daemon/exit_code.h"

namespace streamd::apps {
namespace {

constexpr milliseconds kPatience{60'000};

Result<int> run_change(const Session& session, const std::string& change,
                       const std::string& database) {
  const Json answer = TRY(ask_daemon(session, "/v1/" + change, database, {}, kPatience));
  if (session.json) {
    print_json(answer);
    return daemon::kExitDone;
  }
  fmt::print("{} is {}\n", printable(answer.string("database")), answer.string("state"));
  print_problem("warning", answer.at("warning"));
  return daemon::kExitDone;
}

void add_change(const Command& app, Session& session, const std::string& name,
                const std::string& description) {
  const Command command =
      declare_command(app, session, name, description, "streamctl " + name + " /data/app.db");
  const auto database = std::make_shared<std::string>();
  declare_json(command, session);
  declare_control(command, session);
  command.add_option("database", *database, "path or name").required().type_name("DB");
  command.callback([&session, name, database] {
    session.run = [&session, name, database] { return run_change(session, name, *database); };
  });
}

}  // namespace

void add_pause(const Command& app, Session& session) {
  add_change(app, session, "pause",
             "let go of a database until `resume`, after a final sync: it may leave WAL mode, "
             "change its page size, be copied or replaced");
}

void add_resume(const Command& app, Session& session) {
  add_change(app, session, "resume", "follow a paused database again");
}

}  // namespace streamd::apps
