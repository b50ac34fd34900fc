// Status and errors as JSON, with member names that scripts rely on (docs/cli.md).
#pragma once
#include "base/json.h"
#include "daemon/drills.h"
#include "daemon/folder_files.h"
#include "replicate/pipeline.h"

namespace streamd::daemon {

Json to_json(const replicate::DatabaseStatus& status, const Drills& drills);
Json to_json(const replicate::DatabaseStatus& status, Json replicas);
Json to_json(const replicate::ReplicaStatus& status, const replicate::DatabaseStatus& database,
             const std::optional<DrillStatus>& drill);
// Adds what is proven of a replica; null members when nothing is.
void add_proof(Json& replica, const state::Proof& proof);
Json to_json(const replicate::UpkeepDone& done);
// {"job", "error"}; null without one.
Json to_json(const std::optional<replicate::UpkeepTrouble>& trouble);

// {"code", "exit_code", "message", "hint"}; null without an error.
Json to_json(const Error& error);
Json to_json(const std::optional<Error>& error);
Json to_json(const std::vector<FolderStatus>& folders);  // [{"directory", "error"}]
Error error_from_json(const Json& json);  // kInternal when the code is not known here

Json time_json(Micros time);  // RFC 3339; null for 0

}  // namespace streamd::daemon
