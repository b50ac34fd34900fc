#include "apps/offline_status.h"

#include <algorithm>

#include "apps/replica_source.h"
#include "base/file.h"
#include "daemon/status_json.h"
#include "restore/exact_times.h"
#include "state/identity.h"
#include "state/layout.h"
#include "state/proof.h"
#include "state/tip.h"

namespace streamd::apps {
namespace {

using daemon::time_json;
using daemon::to_json;

Result<std::uint64_t> bytes_in(const std::string& folder) {
  std::uint64_t bytes = 0;
  if (!TRY(stat_path(folder))) return bytes;
  for (const std::string& name : TRY(list_folder(folder)))
    if (const auto file = TRY(stat_path(join_path(folder, name))); file && S_ISREG(file->st_mode))
      bytes += static_cast<std::uint64_t>(file->st_size);
  return bytes;
}

struct LocalState {
  std::optional<state::Identity> identity;
  std::optional<state::Tip> tip;
  std::uint64_t spool_bytes = 0;
};

Result<LocalState> read_local_state(const config::Database& database,
                                    const config::StreamdSettings& settings) {
  const state::Layout layout = TRY(state::layout_for(database.real_path, settings.state_dir));
  LocalState local;
  local.identity = TRY(state::load_identity(layout.identity()));
  local.tip = TRY(state::load_tip(layout.tip()));
  local.spool_bytes = TRY(bytes_in(layout.spool()));
  return local;
}

Json replica_json(const NamedReplica& replica, Txid tip, const state::Proof& proof) {
  auto timeline = list_replica(replica);
  bool exact = true;
  if (timeline)
    if (const auto damaged = find_times(replica, restore::TimesOf::kEdges, *timeline, exact);
        !damaged)
      timeline = Error(damaged.error());
  const catalog::GenerationTimeline* newest = timeline ? timeline->newest_restorable() : nullptr;
  const catalog::Span* span = newest == nullptr ? nullptr : newest->newest();
  const Txid txid = span == nullptr ? Txid{} : span->last;
  const std::uint64_t behind = tip > txid ? tip.value - txid.value : 0;
  const char* state = !timeline ? "failing" : span != nullptr ? "ok" : "not yet restorable";
  const catalog::Snapshot* snapshot = span == nullptr ? nullptr : &newest->snapshots.back();
  Json json =
      Json::object({{"name", replica.settings.name},
                    {"state", state},
                    {"txid", txid.value},
                    {"txid_time", time_json(span == nullptr ? 0 : span->last_time)},
                    {"lag_transactions", timeline ? Json(behind) : Json()},
                    {"snapshot_txid", snapshot == nullptr ? 0 : snapshot->key.txid.value},
                    {"snapshot_time", time_json(snapshot == nullptr ? 0 : snapshot->key.time)},
                    {"error", timeline ? Json() : to_json(timeline.error())}});
  daemon::add_proof(json, proof);
  return json;
}

Result<Json> database_json(Setup& setup, const config::Database& database) {
  const state::Layout layout =
      TRY(state::layout_for(database.real_path, setup.config.streamd.state_dir));
  const auto local = read_local_state(database, setup.config.streamd);
  const state::Tip tip = local && local->tip ? *local->tip : state::Tip{};
  const bool known = local && local->identity;
  Json replicas = Json::array();
  for (const NamedReplica& replica : TRY(open_replicas(setup, database.real_path, "")))
    replicas.push(replica_json(
        replica, tip.txid,
        state::load_proof(join_path(layout.replica(replica.settings.name), "proven"))));
  return Json::object({{"database", database.real_path},
                       {"name", database.name},
                       {"state", "daemon not running"},
                       {"generation", known ? Json(to_text(local->identity->generation)) : Json()},
                       {"txid", tip.txid.value},
                       {"txid_time", time_json(tip.seen)},
                       {"durable_txid", tip.txid.value},
                       {"page_size", tip.page_size},
                       {"pages", tip.pages},
                       {"spool_bytes", local ? local->spool_bytes : 0},
                       {"error", local ? Json() : to_json(local.error())},
                       {"replicas", std::move(replicas)}});
}

}  // namespace

Result<Json> offline_status(Setup& setup, const std::string& database) {
  Json databases = Json::array();
  for (const config::Database& each : setup.config.databases)
    if (database.empty() || each.real_path == database)
      databases.push(TRY(database_json(setup, each)));
  return Json::object({{"daemon", Json()},
                       {"folders", to_json(database.empty() ? folder_status(setup)
                                                            : std::vector<daemon::FolderStatus>{})},
                       {"databases", std::move(databases)}});
}

}  // namespace streamd::apps
