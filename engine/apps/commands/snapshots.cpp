// streamctl snapshots DB|URL
#include "apps/commands/litestream_rows.h"
#include "daemon/status_json.h"

namespace streamd::apps {
namespace {

void add_rows(const std::string& replica, const catalog::Timeline& timeline, Rows& rows) {
  for (const catalog::GenerationTimeline& generation : timeline.generations)
    for (const catalog::Snapshot& snapshot : generation.snapshots) {
      rows.json.push(Json::object({{"replica", replica},
                                   {"generation", to_text(generation.id)},
                                   {"txid", snapshot.key.txid.value},
                                   {"time", daemon::time_json(snapshot.key.time)},
                                   {"size", snapshot.size}}));
      rows.table.add({replica, to_text(generation.id), std::to_string(snapshot.key.txid.value),
                      shown_time(snapshot.key.time), shown_size(snapshot.size)});
    }
}

}  // namespace

void add_snapshots(const Command& app, Session& session) {
  declare_listing(app, session,
                  {"snapshots",
                   "snapshots in the replicas (size: without the parts that they share)",
                   {"REPLICA", "GENERATION", "TXID", "TIME", "SIZE"},
                   restore::TimesOf::kSnapshots,
                   add_rows,
                   add_litestream_snapshots});
}

}  // namespace streamd::apps
