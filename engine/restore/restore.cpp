#include "restore/restore.h"

#include "restore/local_state.h"
#include "restore/scratch.h"
#include "restore/swap.h"

namespace streamd::restore {
namespace {

// Removes a prepared state folder unless it was put in place.
class PreparedState {
 public:
  explicit PreparedState(const std::optional<state::Layout>& layout) {
    if (layout) path_ = prepared_path(*layout);
  }
  ~PreparedState() {
    if (path_.empty()) return;
    if (const Status removed = remove_tree(path_); !removed) return;  // the next run does it
  }
  PreparedState(const PreparedState&) = delete;
  PreparedState& operator=(const PreparedState&) = delete;
  void keep() { path_.clear(); }

 private:
  std::string path_;
};

class Restore {
 public:
  Restore(std::span<const Replica> replicas, const RestoreOptions& options)
      : replicas_(replicas), options_(options), start_(options.clock->mono()) {
    call_.cancel = options.cancel;
  }
  Result<RestoreReport> run();

 private:
  Result<bool> target_allows();  // false: it exists and that is fine
  Status rebuild_into(Scratch& scratch, Choice& choice);
  Status finish(Scratch& scratch, const Choice& choice);
  Status put_in_place(Scratch& scratch, const Choice& choice, const Rebuilt& rebuilt);
  RestoreReport done(Outcome outcome);
  void tell(const char* phase) {
    if (options_.progress) options_.progress({phase, report_.fetched, report_.fetched});
  }

  std::span<const Replica> replicas_;
  const RestoreOptions& options_;
  const MonoTime start_;
  storage::Call call_;
  std::string target_;
  RestoreReport report_;
  Rebuilt rebuilt_;
};

RestoreReport Restore::done(Outcome outcome) {
  report_.outcome = outcome;
  report_.duration = std::chrono::duration_cast<milliseconds>(options_.clock->mono() - start_);
  return std::move(report_);
}

Result<bool> Restore::target_allows() {
  const auto existing = TRY(existing_files(target_));
  if (existing.empty() || options_.force) return true;
  const bool database_there = existing.front() == target_;
  if (!database_there && options_.replace_leftovers) return true;
  if (database_there && options_.if_missing) return false;
  return make_error(Code::kTargetExists,
                    "restore " + target_ + ": " +
                        (database_there ? "it exists" : existing.front() + " exists beside it"),
                    "--force moves what exists away first, -o restores to another file");
}

Status Restore::put_in_place(Scratch& scratch, const Choice& choice, const Rebuilt& rebuilt) {
  PreparedState prepared(options_.local_state);
  SwapRequest request{
      target_, ".before-restore-" + format_time_compact(options_.clock->wall_micros()), "", ""};
  if (options_.local_state) {
    RestoredState restored{*choice.inventory.marker, {}, rebuilt.plan.newest};
    restored.tip.generation = rebuilt.plan.moment.generation;
    restored.tip.txid = rebuilt.plan.moment.txid;
    restored.tip.checksum_known = true;
    restored.tip.checksum = rebuilt.checksum;
    restored.tip.page_size = rebuilt.page_size;
    restored.tip.pages = rebuilt.pages;
    restored.tip.seen = rebuilt.seen;
    request.state_prepared = TRY(prepare_state(*options_.local_state, restored, rebuilt.hashes));
    request.state_folder = options_.local_state->folder;
  }
  if (!TRY(target_allows()))  // it appeared while we worked
    return make_error(Code::kTargetExists, "restore " + target_ + ": it exists by now");
  auto moved = swap_into_place(request);
  if (moved || TRY(swap_pending(target_))) {
    scratch.keep();
    prepared.keep();
  }
  report_.moved_away = TRY(std::move(moved));
  return {};
}

Status Restore::finish(Scratch& scratch, const Choice& choice) {
  if (options_.check != Check::kNone) {
    tell("checking");
    TRY(sqlite::check_file(scratch.file().path(), options_.check, options_.cancel));
    report_.checked = options_.check;
  }
  tell("finishing");
  TRY(scratch.set_owner(rebuilt_.uid, rebuilt_.gid, rebuilt_.mode));
  TRY(scratch.file().sync());
  if (options_.cancel != nullptr && options_.cancel->cancelled())
    return make_error(Code::kCancelled, "restore: cancelled");
  return put_in_place(scratch, choice, rebuilt_);
}

Status Restore::rebuild_into(Scratch& scratch, Choice& choice) {
  RebuildOptions how;
  how.fetch = options_.fetch;
  how.cancel = options_.cancel;
  how.progress = options_.progress;
  auto rebuilt = rebuild(*choice.replica.store, choice.inventory, choice.plan, scratch.file(), how);
  if (!rebuilt) return std::move(rebuilt.error()).with_context("replica " + choice.replica.name);
  rebuilt_ = std::move(*rebuilt);
  report_.plan = rebuilt_.plan;
  report_.seen = rebuilt_.seen;
  report_.page_size = rebuilt_.page_size;
  report_.pages = rebuilt_.pages;
  report_.fetched = rebuilt_.fetched;
  return finish(scratch, choice);
}

Result<RestoreReport> Restore::run() {
  target_ = TRY(canonical_path(options_.out));
  if (const auto there = TRY(stat_path(target_)); there && S_ISDIR(there->st_mode))
    return make_error(Code::kUsage, "restore " + target_ + ": it is a folder",
                      "name the file that is to be restored");
  tell("planning");
  File lock;
  if (options_.local_state && !options_.lock_held && !options_.dry_run)
    lock = TRY(state::take_lock(*options_.local_state));
  if (!options_.dry_run) report_.completed_earlier = TRY(complete_swap(target_));
  if (!options_.dry_run && !TRY(target_allows())) return done(Outcome::kTargetPresent);
  auto choice = choose_replica(replicas_, options_.target, options_.any_replica, call_);
  if (!choice) {
    if (choice.error().code == Code::kNoBackup && options_.if_backup_exists)
      return done(Outcome::kNoBackup);
    return std::move(choice.error());
  }
  report_.replica = choice->replica.name;
  if (options_.dry_run) {
    report_.plan = TRY(complete_plan(*choice->replica.store, choice->plan, call_));
    return done(Outcome::kPlanned);
  }
  Scratch scratch = TRY(Scratch::create(target_));
  TRY(rebuild_into(scratch, *choice));
  return done(Outcome::kRestored);
}

}  // namespace

Result<RestoreReport> restore(std::span<const Replica> replicas, const RestoreOptions& options) {
  return Restore(replicas, options).run();
}

}  // namespace streamd::restore
