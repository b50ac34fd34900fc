#include "apps/restore_over.h"

#include "apps/replica_source.h"
#include "sqlite/connection.h"

namespace streamd::apps {

Result<restore::RestoreReport> restore_over(Setup& setup, const config::Database& database,
                                            const Cancel& cancel) {
  const std::vector<NamedReplica> opened = TRY(open_replicas(setup, database.real_path, ""));
  const std::vector<restore::Replica> replicas = asked_by_restore(opened);
  restore::RestoreOptions options;
  options.out = database.real_path;
  options.force = true;
  options.any_replica = database.restore_from == config::RestoreFrom::kAny;
  options.local_state = TRY(state::layout_for(database.real_path, setup.config.streamd.state_dir));
  options.cancel = &cancel;
  sqlite::initialise();
  auto report = TRY(restore::restore(replicas, options));
  TRY(keep_keys(setup, database, opened));
  return report;
}

}  // namespace streamd::apps
