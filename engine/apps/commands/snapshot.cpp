// streamctl snapshot DB: a snapshot now, whatever the interval says.
#include <fmt/core.h>

#include "apps/commands/command.h"
#include "base/printable.h"
#include "config/value.h"
#include "daemon/exit_code.h"

namespace streamd::apps {
namespace {

constexpr milliseconds kMargin{15'000};

struct SnapshotOptions {
  std::string database, replica, timeout = "10m";
};

Result<int> run_snapshot(const Session& session, const SnapshotOptions& options) {
  const auto timeout = config::parse_duration(options.timeout);
  if (!timeout)
    return make_error(Code::kUsage, "--timeout: " + timeout.error().message, timeout.error().hint);
  Json body = Json::object(
      {{"replica", options.replica}, {"timeout_ms", static_cast<std::int64_t>(timeout->count())}});
  const Json answer = TRY(
      ask_daemon(session, "/v1/snapshot", options.database, std::move(body), *timeout + kMargin));
  if (session.json) {
    print_json(answer);
    return daemon::kExitDone;
  }
  for (const Json& replica : answer.at("replicas").items())
    fmt::print("replica {} has a snapshot of {} as of transaction {}\n", replica.string("name"),
               printable(answer.string("database")), replica.integer("snapshot_txid"));
  return daemon::kExitDone;
}

}  // namespace

void add_snapshot(const Command& app, Session& session) {
  const Command command = declare_command(
      app, session, "snapshot",
      "take a snapshot of everything committed so far, unless the newest one shows it already",
      "streamctl snapshot /data/app.db --replica offsite");
  const auto options = std::make_shared<SnapshotOptions>();
  declare_json(command, session);
  declare_control(command, session);
  command.add_option("database", options->database, "path or name").required().type_name("DB");
  command.add_option("--replica", options->replica, "in this one only").type_name("NAME");
  command.add_option("--timeout", options->timeout, "give up after")
      .type_name("DURATION")
      .shows_default();
  command.callback([&session, options] {
    session.run = [&session, options] { return run_snapshot(session, *options); };
  });
}

}  // namespace streamd::apps
