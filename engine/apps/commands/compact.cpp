// streamctl compact DB: the daemon merges and removes at once what it would soon.
#include <fmt/core.h>

#include "apps/commands/command.h"
#include "apps/control_path.h"
#include "base/printable.h"
#include "config/find.h"
#include "config/value.h"
#include "daemon/control_client.h"
#include "daemon/exit_code.h"

namespace streamd::apps {
namespace {

struct CompactOptions {
  std::string database, timeout = "10m";
};

constexpr milliseconds kMargin{15'000};  // until the daemon must have answered

std::string in_words(const Json& done) {
  const std::int64_t merges = done.integer("merges"), removed = done.integer("objects_removed");
  if (merges == 0 && removed == 0) return "nothing to do";
  return fmt::format("{} objects merged into {} ({} bytes), {} removed ({} bytes)",
                     done.integer("objects_merged"), merges, done.integer("bytes_merged"), removed,
                     done.integer("bytes_removed"));
}

Result<int> run_compact(const Session& session, const CompactOptions& options) {
  const auto timeout = config::parse_duration(options.timeout);
  if (!timeout)
    return make_error(Code::kUsage, "--timeout: " + timeout.error().message, timeout.error().hint);
  const Setup setup = load_setup(session.setup);
  // A daemon may know what no configuration names.
  const auto* known = TRY(config::find_database(setup.config, options.database));
  const std::string database =
      known != nullptr ? known->real_path : config::said_elsewhere(options.database);
  const Json body = Json::object(
      {{"database", database}, {"timeout_ms", static_cast<std::int64_t>(timeout->count())}});
  auto done = daemon::ControlClient(client_control(setup.config, session.control))
                  .post("/v1/compact", body, *timeout + kMargin);
  if (!done) return Error(std::move(done.error())).with_context("compact " + options.database);
  if (session.json) {
    print_json(*done);
    return daemon::kExitDone;
  }
  for (const Json& replica : done->at("replicas").items())
    fmt::print("{}: {}\n", printable(replica.string("name")), in_words(replica.at("done")));
  return daemon::kExitDone;
}

}  // namespace

void add_compact(const Command& app, Session& session) {
  const Command command =
      declare_command(app, session, "compact", "let the daemon merge now what it would merge soon",
                      "streamctl compact /data/app.db");
  const auto options = std::make_shared<CompactOptions>();
  declare_json(command, session);
  declare_control(command, session);
  command.add_option("database", options->database, "configured path or name")
      .required()
      .type_name("DB");
  command.add_option("--timeout", options->timeout, "give up after")
      .type_name("DURATION")
      .shows_default();
  command.callback([&session, options] {
    session.run = [&session, options] { return run_compact(session, *options); };
  });
}

}  // namespace streamd::apps
