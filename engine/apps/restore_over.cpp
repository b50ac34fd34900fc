#include "apps/restore_over.h"

#include "daemon/supervisor.h"
#include "sqlite/connection.h"

namespace streamd::apps {

Result<restore::RestoreReport> restore_over(Setup& setup, const config::Database& database,
                                            const Cancel& cancel) {
  std::vector<std::shared_ptr<storage::Store>> stores;
  std::vector<restore::Replica> replicas;
  for (const config::Replica& replica : database.replicas) {
    auto store = daemon::open_replica_store(replica, *setup.drivers);
    if (!store) return Error(std::move(store.error())).with_context("replica " + replica.name);
    replicas.push_back({store->get(), replica.name});
    stores.push_back(std::move(*store));
  }
  restore::RestoreOptions options;
  options.out = database.real_path;
  options.force = true;
  options.any_replica = database.restore_from == config::RestoreFrom::kAny;
  options.local_state = TRY(state::layout_for(database.real_path, setup.config.streamd.state_dir));
  options.cancel = &cancel;
  sqlite::initialise();
  return restore::restore(replicas, options);
}

}  // namespace streamd::apps
