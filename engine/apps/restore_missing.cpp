#include "apps/restore_missing.h"

#include "apps/replica_source.h"
#include "base/file.h"
#include "base/log.h"
#include "restore/restore.h"

namespace streamd::apps {
namespace {

// True when it does not exist and the replicas have nothing: it is waited for.
Result<bool> restore_one(Setup& setup, const config::Database& database, const Cancel& cancel) {
  const auto opened = TRY(open_replicas(setup, database.real_path, ""));
  const std::vector<restore::Replica> replicas = asked_by_restore(opened);
  restore::RestoreOptions options;
  options.out = database.real_path;
  options.if_missing = options.if_backup_exists = options.replace_leftovers = true;
  options.any_replica = database.restore_from == config::RestoreFrom::kAny;
  options.local_state = TRY(state::layout_for(database.real_path, setup.config.streamd.state_dir));
  options.cancel = &cancel;
  const restore::RestoreReport report = TRY(restore::restore(replicas, options));
  if (report.outcome == restore::Outcome::kRestored) TRY(keep_keys(setup, database, opened));
  if (report.outcome == restore::Outcome::kRestored)
    log_info("restored a missing database", {{"database", database.path},
                                             {"replica", report.replica},
                                             {"generation", to_text(report.plan.moment.generation)},
                                             {"txid", report.plan.moment.txid.value},
                                             {"bytes", report.fetched},
                                             {"ms", report.duration.count()}});
  for (const std::string& note : report.plan.moment.notes)
    log_warn("of a database that was restored", {{"database", database.path}, {"note", note}});
  if (report.outcome == restore::Outcome::kNoBackup)
    log_info("the database does not exist and has no backup: waiting until it is made",
             {{"database", database.path}});
  return report.outcome == restore::Outcome::kNoBackup;
}

}  // namespace

Result<bool> restore_missing(Setup& setup, bool every, const Cancel& cancel) {
  bool nothing_to_restore = false;
  for (const config::Database& database : setup.config.databases) {
    if (!every && !database.restore_missing) continue;
    if (TRY(stat_path(database.real_path))) continue;
    nothing_to_restore = TRY(restore_one(setup, database, cancel)) || nothing_to_restore;
  }
  return nothing_to_restore;
}

}  // namespace streamd::apps
