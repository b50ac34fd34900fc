#include "daemon/status_json.h"

#include "daemon/exit_code.h"

namespace streamd::daemon {
namespace {

Code code_named(const std::string& name) {
  for (int number = 1; number <= static_cast<int>(Code::kDaemonNotRunning); ++number) {
    const Code code = static_cast<Code>(number);
    if (name == code_name(code)) return code;
  }
  return Code::kInternal;
}

// Nobody looks at a paused database: zero would be a claim.
Json known(const replicate::DatabaseStatus& database, std::uint64_t value) {
  return database.phase == replicate::Phase::kPaused ? Json() : Json(value);
}

}  // namespace

Json time_json(Micros time) {
  return time == 0 ? Json() : Json(format_time(time, 6));
}

Json to_json(const Error& error) {
  return Json::object({{"code", code_name(error.code)},
                       {"exit_code", exit_code(error.code)},
                       {"message", error.message},
                       {"hint", error.hint}});
}

Json to_json(const std::optional<Error>& error) {
  return error ? to_json(*error) : Json();
}

Json to_json(const std::vector<FolderStatus>& folders) {
  Json all = Json::array();
  for (const FolderStatus& folder : folders)
    all.push(Json::object({{"directory", folder.directory}, {"error", to_json(folder.error)}}));
  return all;
}

Error error_from_json(const Json& json) {
  return make_error(code_named(json.string("code")), json.string("message"), json.string("hint"));
}

Json to_json(const std::optional<replicate::UpkeepTrouble>& trouble) {
  return trouble ? Json::object({{"job", trouble->job}, {"error", to_json(trouble->error)}})
                 : Json();
}

Json to_json(const replicate::UpkeepDone& done) {
  return Json::object({{"merges", done.merges},
                       {"objects_merged", done.objects_merged},
                       {"bytes_merged", done.bytes_merged},
                       {"objects_removed", done.objects_removed},
                       {"bytes_removed", done.bytes_removed}});
}

void add_proof(Json& replica, const state::Proof& proof) {
  const bool none = proof.proven == 0;
  replica.set("proven_txid", none ? Json() : Json(proof.txid.value))
      .set("proven_txid_time", time_json(none ? 0 : proof.seen))
      .set("proven_at", time_json(proof.proven));
}

// A replica that works but failed its drill has an error too.
Json to_json(const replicate::ReplicaStatus& status, const replicate::DatabaseStatus& database,
             const std::optional<DrillStatus>& drill) {
  const std::uint64_t behind = database.captured > status.acknowledged
                                   ? database.captured.value - status.acknowledged.value
                                   : 0;
  std::optional<Error> error = status.error;
  if (!error && drill && drill->problem)
    error = Error(*drill->problem).with_context("restore drill");
  Json json = Json::object({{"name", status.name},
                            {"state", replicate::state_name(status.state)},
                            {"txid", known(database, status.acknowledged.value)},
                            {"txid_time", time_json(status.acknowledged_time)},
                            {"lag_transactions", known(database, behind)},
                            {"behind_since", time_json(status.behind_since)},
                            {"bytes_waiting", status.bytes_waiting},
                            {"snapshot_txid", known(database, status.snapshot.value)},
                            {"snapshot_time", time_json(status.snapshot_time)},
                            {"last_success", time_json(status.last_success)},
                            {"objects_sent", status.objects_sent},
                            {"bytes_sent", status.bytes_sent},
                            {"upkeep", to_json(status.upkeep)},
                            {"upkeep_error", to_json(status.upkeep_error)},
                            {"error", to_json(error)}});
  add_proof(json, drill ? drill->proof : state::Proof{});
  json.set("drill_running", drill && drill->running);
  return json;
}

Json to_json(const replicate::DatabaseStatus& status, const Drills& drills) {
  Json replicas = Json::array();
  for (const auto& replica : status.replicas)
    replicas.push(to_json(replica, status, drills.status(status.path, replica.name)));
  return to_json(status, std::move(replicas));
}

Json to_json(const replicate::DatabaseStatus& status, Json replicas) {
  const Json generation =
      status.generation == GenerationId{} ? Json() : Json(to_text(status.generation));
  return Json::object({{"database", status.path},
                       {"name", status.name},
                       {"state", replicate::state_name(status)},
                       {"generation", generation},
                       {"txid", known(status, status.captured.value)},
                       {"txid_time", time_json(status.captured_time)},
                       {"durable_txid", known(status, status.durable.value)},
                       {"page_size", status.page_size},
                       {"pages", status.pages},
                       {"wal_bytes", status.log_bytes},
                       {"spool_bytes", status.spool_bytes},
                       {"error", to_json(status.error)},
                       {"replicas", std::move(replicas)}});
}

}  // namespace streamd::daemon
