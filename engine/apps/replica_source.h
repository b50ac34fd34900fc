// The replicas that a command names, opened: those of a configured database, or one URL.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "apps/setup.h"
#include "catalog/timeline.h"
#include "storage/store.h"

namespace streamd::apps {

struct NamedReplica {
  config::Replica settings;
  std::shared_ptr<storage::Store> store;  // no network yet
  bool litestream = false;                // named as litestream+URL: it holds no objects of ours
};

// `wanted` empty = all of them. kUsage when there is none of that name or no such database.
Result<std::vector<NamedReplica>> open_replicas(Setup& setup, const std::string& database_or_url,
                                                const std::string& wanted);

// What a replica holds.
Result<catalog::Timeline> list_replica(const NamedReplica& replica);

}  // namespace streamd::apps
