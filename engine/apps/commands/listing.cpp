#include "apps/commands/listing.h"

#include <fmt/core.h>

#include "apps/replica_source.h"
#include "apps/report.h"
#include "daemon/exit_code.h"

namespace streamd::apps {
namespace {

struct ListingOptions {
  std::string source, replica;
};

Result<int> run_listing(const Session& session, const Listing& listing,
                        const ListingOptions& options) {
  Setup setup = TRY(setup_for(session, options.source));
  const auto replicas = TRY(open_replicas(setup, options.source, options.replica));
  Rows rows{Table(listing.header), Json::array()};
  int code = daemon::kExitDone;
  bool begun = false;
  for (const NamedReplica& replica : replicas) {
    const auto timeline = list_replica(replica);
    if (!timeline) {
      code = std::max(code, report("streamctl", timeline.error()));
      continue;
    }
    begun = begun || timeline->begun();
    listing.add_rows(replica.settings.name, *timeline, rows);
  }
  if (session.json)
    print_json(Json::object({{listing.name, rows.json}}));
  else if (!rows.table.empty())
    fmt::print("{}", rows.table.text());
  if (code != daemon::kExitDone || begun) return code;
  return make_error(Code::kNoBackup, "there is no backup of " + options.source,
                    "is the replica's path right?");
}

}  // namespace

void declare_listing(CLI::App& app, Session& session, const Listing& listing) {
  CLI::App* command = declare_command(app, session, listing.name, listing.description,
                                      "streamctl " + listing.name + " file:///backups/app");
  const auto options = std::make_shared<ListingOptions>();
  declare_json(*command, session);
  command->add_option("source", options->source, "configured path or name, or a replica's URL")
      ->required()
      ->type_name("DB|URL");
  command->add_option("--replica", options->replica, "this one only")->type_name("NAME");
  command->callback([&session, listing, options] {
    session.run = [&session, listing, options] { return run_listing(session, listing, *options); };
  });
}

}  // namespace streamd::apps
