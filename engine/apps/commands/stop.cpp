// streamctl stop, log-level: the daemon as a process.
#include <fmt/core.h>

#include "apps/commands/command.h"
#include "base/printable.h"
#include "daemon/exit_code.h"

namespace streamd::apps {
namespace {

constexpr milliseconds kPatience{15'000};
constexpr milliseconds kLongestEnd{3'600'000};  // shutdown-timeout ends it long before

Result<int> run_stop(const Session& session, bool merge) {
  const Json answer = TRY(daemon_of(session).stop(merge, kLongestEnd));
  const std::int64_t code = answer.integer("exit_code");
  if (session.json)
    print_json(answer);
  else if (code == 0)
    fmt::print("streamd has ended; everything was sent\n");
  else
    fmt::print("streamd has ended with exit code {}: its log says why\n", code);
  return static_cast<int>(code);
}

Result<int> run_log_level(const Session& session, const std::string& level) {
  const Json answer =
      TRY(ask_daemon(session, "/v1/log-level", "", Json::object({{"level", level}}), kPatience));
  if (session.json)
    print_json(answer);
  else
    fmt::print("log level is {} until the next reload\n", answer.string("level"));
  return daemon::kExitDone;
}

}  // namespace

void add_stop(const Command& app, Session& session) {
  const Command command = declare_command(app, session, "stop",
                                          "end the daemon after a final sync, and wait for that; "
                                          "with the daemon's exit code",
                                          "streamctl stop --merge");
  const auto merge = std::make_shared<bool>(false);
  declare_json(command, session);
  declare_control(command, session);
  command.add_flag("--merge", *merge,
                   "each database is one file afterwards, without a log: an error when another "
                   "program has one open");
  command.callback(
      [&session, merge] { session.run = [&session, merge] { return run_stop(session, *merge); }; });
}

void add_log_level(const Command& app, Session& session) {
  const Command command =
      declare_command(app, session, "log-level", "what the daemon logs, until the next reload",
                      "streamctl log-level debug");
  const auto level = std::make_shared<std::string>();
  declare_json(command, session);
  declare_control(command, session);
  command.add_option("level", *level, "trace, debug, info, warn or error")
      .required()
      .type_name("LEVEL");
  command.callback([&session, level] {
    session.run = [&session, level] { return run_log_level(session, *level); };
  });
}

}  // namespace streamd::apps
