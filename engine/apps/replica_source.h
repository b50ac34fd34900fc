// The replicas that a command names, opened: those of a configured database, or one URL.
#pragma once
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "apps/setup.h"
#include "catalog/timeline.h"
#include "crypt/keyring.h"
#include "restore/exact_times.h"
#include "restore/replica.h"
#include "storage/store.h"

namespace streamd::apps {

struct NamedReplica {
  config::Replica settings;
  std::shared_ptr<storage::Store> store;   // no network yet
  std::shared_ptr<crypt::Keyring> keys{};  // with which it is opened; null = it is never encrypted
  bool litestream = false;                 // named as litestream+URL: it holds no objects of ours
  // Of a configured database whose local state knows that it was replicated there.
  std::optional<Error> if_empty{};
};

// What a restore asks; borrows the stores.
std::vector<restore::Replica> asked_by_restore(const std::vector<NamedReplica>& replicas);

// `wanted` empty = all of them. kUsage when there is none of that name or no such database.
Result<std::vector<NamedReplica>> open_replicas(Setup& setup, const std::string& database_or_url,
                                                const std::string& wanted);

// A restore has made the local state of `database`: the keys of its replicas go into it, so that
// the daemon goes on in the same generation. A replica that does not answer is left out.
Status keep_keys(const Setup& setup, const config::Database& database,
                 const std::vector<NamedReplica>& replicas);

// What a replica holds.
// `without`: keys that are taken not to be there.
Result<catalog::Timeline> list_replica(const NamedReplica& replica,
                                       const std::set<std::string>& without = {});

// The times that `which` names, as recorded; the others mean the end of the millisecond in a name.
// The objects that are damaged. `exact` = false: the backup is encrypted and no identity opens it,
// which is noted on stderr; all times are those of names then.
Result<std::vector<Error>> find_times(const NamedReplica& replica, restore::TimesOf which,
                                      catalog::Timeline& timeline, bool& exact);

}  // namespace streamd::apps
