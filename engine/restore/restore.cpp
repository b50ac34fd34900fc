#include "restore/restore.h"

#include "restore/local_state.h"
#include "restore/place.h"

namespace streamd::restore {
namespace {

// Removes what was prepared unless it was put in place.
class PreparedState {
 public:
  explicit PreparedState(const RestoreOptions& options) {
    if (options.local_state) path_ = prepared_path(*options.local_state);
    if (options.beside) path_ = temporary_path(options.beside->path);
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
  Status rebuild_from(const Choice& choice, Scratch& scratch);
  Result<const Choice*> rebuild_into(Scratch& scratch, Choice& choice);
  Status plan_only(Choice& choice);
  Status finish(Place& place, Scratch& scratch, const Choice& choice);
  Result<Place::NewState> prepare(const catalog::Marker& marker);
  Status put_in_place(Place& place, Scratch& scratch, const Choice& choice);
  RestoreReport done(Outcome outcome);

  std::span<const Replica> replicas_;
  const RestoreOptions& options_;
  const MonoTime start_;
  storage::Call call_;
  RestoreReport report_;
  Rebuilt rebuilt_;
};

RestoreReport Restore::done(Outcome outcome) {
  report_.outcome = outcome;
  report_.duration = std::chrono::duration_cast<milliseconds>(options_.clock->mono() - start_);
  return std::move(report_);
}

Result<Place::NewState> Restore::prepare(const catalog::Marker& marker) {
  if (options_.beside) {
    const Beside& beside = *options_.beside;
    const std::string prepared = temporary_path(beside.path);
    TRY(beside.make(prepared, marker, rebuilt_));
    return Place::NewState{prepared, beside.path};
  }
  if (!options_.local_state) return Place::NewState{};
  RestoredState restored{marker, {}, rebuilt_.plan.newest};
  restored.tip.generation = rebuilt_.plan.moment.generation;
  restored.tip.txid = rebuilt_.plan.moment.txid;
  restored.tip.checksum_known = true;
  restored.tip.checksum = rebuilt_.checksum;
  restored.tip.page_size = rebuilt_.page_size;
  restored.tip.pages = rebuilt_.pages;
  restored.tip.seen = rebuilt_.seen;
  return Place::NewState{TRY(prepare_state(*options_.local_state, restored, rebuilt_.hashes)),
                         options_.local_state->folder};
}

Status Restore::put_in_place(Place& place, Scratch& scratch, const Choice& choice) {
  PreparedState prepared(options_);
  const Place::NewState state = TRY(prepare(*choice.inventory.marker));
  auto moved = place.take(scratch, state);
  if (moved || TRY(swap_pending(place.target()))) prepared.keep();
  report_.moved_away = TRY(std::move(moved));
  return {};
}

Status Restore::rebuild_from(const Choice& choice, Scratch& scratch) {
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
  return {};
}

// Which replica it came from: the next that has the same moment where one is too damaged for it.
Result<const Choice*> Restore::rebuild_into(Scratch& scratch, Choice& choice) {
  const Choice* from = &choice;
  Status rebuilt = rebuild_from(choice, scratch);
  std::vector<std::string> notes;
  for (auto other = choice.equal.begin(); other != choice.equal.end(); ++other) {
    if (rebuilt || rebuilt.error().code != Code::kCorrupt) break;
    notes.push_back(rebuilt.error().message + "; restored from another replica");
    from = &*other;
    const Status next = rebuild_from(*other, scratch);
    // Damage tells more than that others could not be read.
    if (next || next.error().code == Code::kCancelled) rebuilt = next;
  }
  TRY(std::move(rebuilt));
  auto& said = rebuilt_.plan.moment.notes;
  said.insert(said.end(), notes.begin(), notes.end());
  return from;
}

// What rebuild_into would come to, as far as manifests tell.
Status Restore::plan_only(Choice& choice) {
  const auto plan_from = [&](const Choice& from) {
    auto plan = complete_plan(*from.replica.store, from.inventory, from.plan, call_);
    if (!plan) plan = std::move(plan.error()).with_context("replica " + from.replica.name);
    report_.replica = from.replica.name;
    return plan;
  };
  auto plan = plan_from(choice);
  std::vector<std::string> notes;
  for (auto other = choice.equal.begin(); other != choice.equal.end(); ++other) {
    if (plan || plan.error().code != Code::kCorrupt) break;
    notes.push_back(plan.error().message + "; a restore takes another replica");
    auto next = plan_from(*other);
    if (next || next.error().code == Code::kCancelled) plan = std::move(next);
  }
  report_.plan = TRY(std::move(plan));
  auto& said = report_.plan.moment.notes;
  said.insert(said.end(), notes.begin(), notes.end());
  return {};
}

Status Restore::finish(Place& place, Scratch& scratch, const Choice& choice) {
  report_.replica = choice.replica.name;
  report_.plan = rebuilt_.plan;
  report_.seen = rebuilt_.seen;
  report_.page_size = rebuilt_.page_size;
  report_.pages = rebuilt_.pages;
  report_.fetched = rebuilt_.fetched;
  TRY(place.finish(scratch, options_.check, {rebuilt_.uid, rebuilt_.gid, rebuilt_.mode},
                   rebuilt_.fetched));
  report_.checked = options_.check;
  return put_in_place(place, scratch, choice);
}

Result<RestoreReport> Restore::run() {
  Place place = TRY(Place::find(options_));
  if (options_.progress) options_.progress({"planning", 0, 0});
  if (!options_.dry_run) {
    const bool wanted = TRY(place.begin());
    report_.completed_earlier = place.completed_earlier();
    if (!wanted) return done(Outcome::kTargetPresent);
  }
  auto choice = choose_replica(replicas_, options_.target, options_.any_replica, call_);
  if (!choice) {
    if (choice.error().code == Code::kNoBackup && options_.if_backup_exists)
      return done(Outcome::kNoBackup);
    return std::move(choice.error());
  }
  if (options_.dry_run) {
    TRY(plan_only(*choice));
    return done(Outcome::kPlanned);
  }
  Scratch scratch = TRY(Scratch::create(place.target()));
  const Choice* from = TRY(rebuild_into(scratch, *choice));
  TRY(finish(place, scratch, *from));
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
