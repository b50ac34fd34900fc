#include "apps/commands/listing.h"

#include <fmt/core.h>

#include "apps/litestream_source.h"
#include "apps/replica_source.h"
#include "apps/report.h"
#include "daemon/exit_code.h"

namespace streamd::apps {
namespace {

struct ListingOptions {
  std::string source, replica;
  bool exact = false;
};

Error in_replica(const Error& error, const NamedReplica& replica) {
  return Error(error).with_context("replica " + replica.settings.name);
}

// Puts the times that rows show into the timeline; damaged objects are reported. The exit code.
int put_times(const NamedReplica& replica, const Listing& listing, bool& exact,
              catalog::Timeline& timeline) {
  int code = daemon::kExitDone;
  if (!exact) {
    restore::round_up_times(timeline);
    return code;
  }
  const auto damaged = find_times(replica, listing.times, timeline, exact);
  if (!damaged) return report("streamctl", in_replica(damaged.error(), replica));
  for (const Error& error : *damaged)
    code = std::max(code, report("streamctl", in_replica(error, replica)));
  return code;
}

// False: there is nothing of Litestream's, or no row for it.
bool add_litestream(const NamedReplica& replica, const Listing& listing, Rows& rows) {
  if (!listing.add_litestream_rows) return false;
  const auto found = litestream_among({replica});
  say_found(found);
  for (const LitestreamReplica& each : found)
    listing.add_litestream_rows(each.replica.settings.name, each.inventory, rows);
  return !found.empty();
}

Result<int> run_listing(const Session& session, const Listing& listing,
                        const ListingOptions& options) {
  Setup setup = TRY(setup_for(session, options.source));
  const auto replicas = TRY(open_replicas(setup, options.source, options.replica));
  if (replicas.front().litestream && !listing.add_litestream_rows)
    return make_error(Code::kUsage, listing.name + " are not listed for Litestream's replicas",
                      "`streamctl generations` and `streamctl snapshots` are; `streamctl restore "
                      "--dry-run` names the objects that a moment needs");
  const bool wants_exact = !listing.many || options.exact;
  Rows rows{Table(listing.header), Json::array(), wants_exact};
  int code = daemon::kExitDone;
  bool begun = false;
  for (const NamedReplica& replica : replicas) {
    if (replica.litestream) {
      begun = add_litestream(replica, listing, rows) || begun;
      continue;
    }
    auto timeline = list_replica(replica);
    if (!timeline) {
      code = std::max(code, report("streamctl", timeline.error()));
      continue;
    }
    if (!timeline->begun() && add_litestream(replica, listing, rows)) {
      begun = true;
      continue;
    }
    begun = begun || timeline->begun();
    rows.exact = wants_exact;
    code = std::max(code, put_times(replica, listing, rows.exact, *timeline));
    listing.add_rows(replica.settings.name, *timeline, rows);
  }
  if (session.json)
    print_json(Json::object({{listing.name, rows.json}}));
  else if (!rows.table.empty())
    fmt::print("{}", rows.table.text());
  else if (begun)
    fmt::print("no {} yet\n", listing.name);
  if (code != daemon::kExitDone || begun) return code;
  return make_error(Code::kNoBackup, "there is no backup of " + options.source,
                    "is the replica's path right?");
}

}  // namespace

void declare_listing(const Command& app, Session& session, const Listing& listing) {
  const Command command = declare_command(app, session, listing.name, listing.description,
                                          "streamctl " + listing.name + " file:///backups/app");
  const auto options = std::make_shared<ListingOptions>();
  declare_json(command, session);
  command.add_option("source", options->source, "configured path or name, or a replica's URL")
      .required()
      .type_name("DB|URL");
  command.add_option("--replica", options->replica, "this one only").type_name("NAME");
  if (listing.many)
    command.add_flag("--exact", options->exact, "read each object for its time in microseconds");
  command.callback([&session, listing, options] {
    session.run = [&session, listing, options] { return run_listing(session, listing, *options); };
  });
}

}  // namespace streamd::apps
