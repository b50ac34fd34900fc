#include "litestream/restore.h"

#include "litestream/header_times.h"
#include "litestream/rebuild.h"
#include "restore/place.h"
#include "restore/scratch.h"

namespace streamd::litestream {
namespace {

constexpr int kRounds = 5;  // listings, while Litestream removes objects that were just listed

struct Choice {
  restore::Replica replica;
  Plan plan;
};

Result<Plan> plan_for(storage::Store& store, const restore::Target& target,
                      const storage::Call& call) {
  const Inventory inventory = TRY(take_inventory(store, call));
  if (inventory.empty())
    return make_error(Code::kNoBackup, "there is nothing of Litestream's",
                      "is the replica's path right?");
  if (format_for(inventory, target) == Format::kGenerations)
    return plan_generations(inventory, target);
  const auto* by_time = std::get_if<restore::ByTime>(&target.moment);
  Plan plan;
  if (by_time == nullptr) {
    plan = TRY(plan_levels(inventory.files, target));
  } else {
    const auto files = TRY(files_until(store, inventory.files, by_time->time, call));
    if (files.empty())
      return make_error(Code::kOutsideWindow, "nothing that old is kept",
                        "`streamctl snapshots` lists whole images");
    plan = TRY(plan_levels(files, target));
  }
  plan.moment.time = TRY(recorded_time(store, plan.files.back(), call));
  return plan;
}

Result<Choice> choose(std::span<const restore::Replica> replicas, const restore::Target& target,
                      const storage::Call& call) {
  std::optional<Choice> best;
  std::optional<Error> failure;
  for (const restore::Replica& replica : replicas) {
    auto plan = plan_for(*replica.store, target, call);
    for (int round = 1; !plan && plan.error().code == Code::kNotFound && round < kRounds; ++round)
      plan = plan_for(*replica.store, target, call);
    if (!plan) {
      if (!failure) failure = std::move(plan.error()).with_context("replica " + replica.name);
    } else if (!best || best->plan.moment.time < plan->moment.time) {
      best = Choice{replica, std::move(*plan)};
    }
  }
  if (best) return std::move(*best);
  return failure ? std::move(*failure) : make_error(Code::kUsage, "restore: no replica was given");
}

class Restore {
 public:
  Restore(std::span<const restore::Replica> replicas, const restore::RestoreOptions& options)
      : replicas_(replicas), options_(options), start_(options.clock->mono()) {
    call_.cancel = options.cancel;
  }

  Result<Report> run() {
    restore::Place place = TRY(restore::Place::find(options_));
    tell("planning");
    if (!options_.dry_run && !TRY(place.begin())) return done(restore::Outcome::kTargetPresent);
    for (int round = 1;; ++round) {
      auto choice = choose(replicas_, options_.target, call_);
      if (!choice && choice.error().code == Code::kNoBackup && options_.if_backup_exists)
        return done(restore::Outcome::kNoBackup);
      const Choice chosen = TRY(std::move(choice));
      report_.replica = chosen.replica.name;
      report_.plan = chosen.plan;
      if (options_.dry_run) return done(restore::Outcome::kPlanned);
      Status restored = fill_and_place(place, chosen);
      if (restored) return done(restore::Outcome::kRestored);
      if (restored.error().code != Code::kNotFound || round == kRounds)
        return std::move(restored.error()).with_context("replica " + chosen.replica.name);
    }
  }

 private:
  Status fill_and_place(restore::Place& place, const Choice& choice) {
    restore::Scratch scratch = TRY(restore::Scratch::create(place.target()));
    restore::RebuildOptions how;
    how.fetch = options_.fetch;
    how.cancel = options_.cancel;
    how.progress = options_.progress;
    const auto known = choice.replica.store->probe(call_);  // see restore.cpp of engine/restore
    if (!known && known.error().code == Code::kCancelled) return known.error();
    const Rebuilt rebuilt = TRY(rebuild(*choice.replica.store, choice.plan, scratch.file(), how));
    report_.page_size = rebuilt.page_size;
    report_.pages = rebuilt.pages;
    report_.fetched = rebuilt.fetched;
    const bool must_check = choice.plan.unsettled && options_.check == restore::Check::kNone;
    report_.checked = must_check ? restore::Check::kQuick : options_.check;
    TRY(place.finish(scratch, report_.checked, place.owner(), rebuilt.fetched));
    report_.moved_away = TRY(place.take(scratch, {}));
    return {};
  }

  Report done(restore::Outcome outcome) {
    report_.outcome = outcome;
    report_.duration = std::chrono::duration_cast<milliseconds>(options_.clock->mono() - start_);
    return std::move(report_);
  }
  void tell(const char* phase) {
    if (options_.progress) options_.progress({phase, 0, 0});
  }

  std::span<const restore::Replica> replicas_;
  const restore::RestoreOptions& options_;
  const MonoTime start_;
  storage::Call call_;
  Report report_;
};

}  // namespace

Result<Report> restore(std::span<const restore::Replica> replicas,
                       const restore::RestoreOptions& options) {
  auto report = Restore(replicas, options).run();
  if (!report && report.error().code == Code::kCorrupt && report.error().hint.empty())
    report.error().hint =
        "an earlier moment may be whole: --timestamp TIME; `streamctl snapshots` lists some";
  return report;
}

}  // namespace streamd::litestream
