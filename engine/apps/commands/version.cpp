// streamctl version
#include <fmt/core.h>

#include "apps/commands/command.h"
#include "daemon/exit_code.h"

namespace streamd::apps {

void add_version(const Command& app, Session& session) {
  const Command command = declare_command(app, session, "version", "version of this program",
                                          "streamctl version --json");
  declare_json(command, session);
  command.callback([&session] {
    session.run = [&session]() -> Result<int> {
      if (session.json)
        print_json(Json::object({{"version", STREAMD_VERSION}}));
      else
        fmt::print("streamctl {}\n", STREAMD_VERSION);
      return daemon::kExitDone;
    };
  });
}

}  // namespace streamd::apps
