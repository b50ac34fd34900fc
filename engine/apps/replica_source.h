// The replicas that a command names, opened: those of a configured database, or one URL.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "apps/setup.h"
#include "catalog/timeline.h"
#include "crypt/keyring.h"
#include "storage/store.h"

namespace streamd::apps {

struct NamedReplica {
  config::Replica settings;
  std::shared_ptr<storage::Store> store;   // no network yet
  std::shared_ptr<crypt::Keyring> keys{};  // with which it is opened; null = it is never encrypted
  bool litestream = false;                 // named as litestream+URL: it holds no objects of ours
};

// `wanted` empty = all of them. kUsage when there is none of that name or no such database.
Result<std::vector<NamedReplica>> open_replicas(Setup& setup, const std::string& database_or_url,
                                                const std::string& wanted);

// A restore has made the local state of `database`: the keys of its replicas go into it, so that
// the daemon goes on in the same generation. A replica that does not answer is left out.
Status keep_keys(const Setup& setup, const config::Database& database,
                 const std::vector<NamedReplica>& replicas);

// What a replica holds.
Result<catalog::Timeline> list_replica(const NamedReplica& replica);

}  // namespace streamd::apps
