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
  Result<bool> nothing_to_do();
  Status lock_target();
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
  File lock_;  // closed: nobody has ever followed the target
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

Result<bool> Restore::nothing_to_do() {
  return options_.if_missing && !options_.force && TRY(stat_path(target_)) &&
         !TRY(swap_pending(target_));
}

// A daemon that follows the target holds the lock beside it, whatever the configuration here says,
// and would go on in the file that is moved away.
Status Restore::lock_target() {
  if (lock_.is_open() || options_.lock_held) return {};
  const state::Layout layout =
      options_.local_state ? *options_.local_state : TRY(state::layout_for(target_, ""));
  if (!options_.local_state && !TRY(stat_path(layout.lock))) return {};
  auto lock = state::take_lock(layout);
  if (!lock && lock.error().code == Code::kBusy)
    return std::move(lock.error())
        .with_hint("stop that streamd first, or restore to another file with -o");
  lock_ = TRY(std::move(lock));
  return {};
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
  TRY(lock_target());         // a daemon may have begun while we worked
  if (!TRY(target_allows()))  // it appeared meanwhile
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
  // Until a store was asked what it can do it takes one call at a time. No answer is no reason to
  // stop: reading says by itself what is wrong.
  const auto known = choice.replica.store->probe(call_);
  if (!known && known.error().code == Code::kCancelled) return known.error();
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
  auto target = canonical_path(options_.out);
  if (!target && target.error().code == Code::kNotFound)
    return make_error(Code::kNotFound,
                      "restore " + options_.out + ": there is no folder " + folder_of(options_.out),
                      "make it first: mkdir -p " + folder_of(options_.out));
  target_ = TRY(std::move(target));
  if (const auto there = TRY(stat_path(target_)); there && S_ISDIR(there->st_mode))
    return make_error(Code::kUsage, "restore " + target_ + ": it is a folder",
                      "name the file that is to be restored");
  tell("planning");
  if (!options_.dry_run) {
    if (TRY(nothing_to_do())) return done(Outcome::kTargetPresent);
    TRY(lock_target());
    report_.completed_earlier = TRY(complete_swap(target_));
    if (!TRY(target_allows())) return done(Outcome::kTargetPresent);
  }
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

// Damage is rarely everywhere.
std::string hint_for_damage(bool other_replicas) {
  std::string hint =
      "an earlier moment may be whole: --timestamp or --txid, `streamctl snapshots` lists some";
  if (other_replicas) hint += "; or another replica: --replica NAME";
  return hint;
}

}  // namespace

Result<RestoreReport> restore(std::span<const Replica> replicas, const RestoreOptions& options) {
  auto report = Restore(replicas, options).run();
  if (!report && report.error().code == Code::kCorrupt && report.error().hint.empty())
    report.error().hint = hint_for_damage(replicas.size() > 1);
  return report;
}

}  // namespace streamd::restore
