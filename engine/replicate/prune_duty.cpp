#include "replicate/prune_duty.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"

namespace streamd::replicate {
namespace {

using std::chrono::hours;

constexpr milliseconds kSeldom = hours(24), kOften = hours(1), kShortest{1000};
constexpr const char kFile[] = "pruned";

std::uint64_t bytes_of(const std::vector<catalog::Listed>& objects) {
  std::uint64_t sum = 0;
  for (const catalog::Listed& object : objects) sum += object.size;
  return sum;
}

// What was reckoned by other rules says nothing.
std::string to_text(const retention::Rules& rules) {
  const retention::Keep& keep = rules.keep;
  return fmt::format("{} {} {} {} {} {} {} {} {} {}", rules.retention.count(),
                     rules.history.count(), rules.grace.count(), keep.all.count(), keep.hourly,
                     keep.daily, keep.weekly, keep.monthly, keep.yearly, keep.snapshots);
}

}  // namespace

// A window that is shorter than hours is looked after more often.
milliseconds PruneDuty::often() const {
  return std::clamp(rules_.retention / 4, kShortest, kOften);
}

milliseconds PruneDuty::due_in(const PruneView& view) {
  if (!last_) return milliseconds(0);
  const bool sent =
      view.generation != last_->generation || view.acknowledged != last_->acknowledged;
  MonoTime due = last_->at + (sent || last_->waiting ? often() : kSeldom);
  if (view.snapshot != last_->snapshot) {
    if (!new_snapshot_) new_snapshot_ = view.now;
    due = std::min(due, *new_snapshot_ + rules_.grace + kShortest);
  }
  return std::chrono::ceil<milliseconds>(due - view.now);
}

bool PruneDuty::moved(const PruneView& view) const {
  return view.generation != last_->generation || view.acknowledged != last_->acknowledged ||
         view.snapshot != last_->snapshot;
}

bool PruneDuty::worth_listing(const PruneView& view, Micros wall) const {
  if (wall < retention::nothing_old_before(oldest_, rules_)) return false;
  return moved(view) || wall >= last_->rests_until;
}

// What an earlier life saw. A file that says nothing counts as none.
std::optional<PruneDuty::Last> PruneDuty::recall(const PruneView& view,
                                                 const PrunePlace& place) const {
  const auto raw = read_file(join_path(place.state_folder, kFile));
  if (!raw) return std::nullopt;
  const auto json = Json::parse(as_text(*raw));
  Last last;
  if (!json || !parse_generation(json->string("generation"), last.generation)) return std::nullopt;
  const Micros time = json->integer("time");
  if (time == 0) return std::nullopt;
  const milliseconds ago{(place.clock.wall_micros() - time) / 1000};
  last.at = view.now - (ago.count() < 0 ? kSeldom : std::min(ago, kSeldom));
  last.acknowledged = Txid(static_cast<std::uint64_t>(json->integer("txid")));
  last.snapshot = Txid(static_cast<std::uint64_t>(json->integer("snapshot")));
  last.waiting = json->boolean("waiting");
  if (json->string("rules") == to_text(rules_)) last.rests_until = json->integer("rests-until");
  return last;
}

PruneDuty::Last PruneDuty::seen(const PruneView& view) const {
  return {view.now, view.generation, view.acknowledged, view.snapshot, false, 0};
}

Status PruneDuty::note(Last look, const PrunePlace& place) {
  last_ = look;
  new_snapshot_.reset();
  const Json json = Json::object({{"time", place.clock.wall_micros()},
                                  {"generation", to_text(last_->generation)},
                                  {"txid", last_->acknowledged.value},
                                  {"snapshot", last_->snapshot.value},
                                  {"waiting", last_->waiting},
                                  {"rules", to_text(rules_)},
                                  {"rests-until", last_->rests_until}});
  return replace_file(join_path(place.state_folder, kFile), as_bytes(json.print()));
}

// Of what is left. What was refused or damaged is tried again.
Micros PruneDuty::rests_until(const retention::PruneReport& report, Micros wall) const {
  if (!report.refused.empty() || !report.damaged.empty()) return 0;
  std::set<std::string> gone;
  for (const catalog::Listed& object : report.removed) gone.insert(object.key);
  std::vector<catalog::Listed> left;
  for (const retention::Decision& decision : report.decisions.objects)
    if (!gone.contains(decision.object.key)) left.push_back(decision.object);
  return retention::next_to_go(left, parts_, wall, rules_);
}

Status PruneDuty::run(const PruneView& view, const PrunePlace& place) {
  removed_.clear();
  const Micros wall = place.clock.wall_micros();
  // Also by a clock that was ahead before: it would make the replica young for too long.
  oldest_ = std::min({oldest_, view.oldest, wall});
  if (!std::exchange(recalled_, true)) {
    last_ = recall(view, place);
    if (!last_) {
      Last first = seen(view);
      first.waiting = true;  // for all that is known
      return note(first, place);
    }
    if (due_in(view).count() > 0) return {};
  }
  Last look = seen(view);
  if (!worth_listing(view, wall)) {
    if (!moved(view)) look.rests_until = last_->rests_until;
    return note(look, place);
  }
  retention::Pruner pruner(place.store, place.clock, std::move(parts_));
  Status pruned = pruner.prune(rules_, place.call);
  const retention::PruneReport& report = pruner.report();
  parts_ = pruner.parts();
  removed_ = report.removed;
  for (const catalog::Listed& object : removed_) parts_.erase(object.key);
  tell(place, report);
  TRY(std::move(pruned));
  look.waiting = report.decisions.count(retention::Fate::kWait) > 0;
  // Reckoned only where it will hold.
  if (!look.waiting && !moved(view)) look.rests_until = rests_until(report, wall);
  return note(look, place);
}

// What goes wrong the same way every hour is said once.
void PruneDuty::tell(const PrunePlace& place, const retention::PruneReport& report) {
  if (!report.removed.empty())
    log_info("pruned", {{"database", place.database},
                        {"replica", place.replica},
                        {"objects", report.removed.size()},
                        {"bytes", bytes_of(report.removed)}});
  std::string troubles;
  for (const Error& error : report.damaged) troubles += error.message + "\n";
  for (const retention::Refusal& each : report.refused)
    troubles += each.what + ": " + each.error.message + "\n";
  if (troubles == troubles_) return;
  troubles_ = troubles;
  for (const Error& error : report.damaged)
    log_error_event(LogLevel::kWarn, "damaged: nothing is pruned because of it", error,
                    {{"database", place.database}, {"replica", place.replica}});
  for (const retention::Refusal& each : report.refused)
    log_error_event(LogLevel::kWarn, "the storage does not let objects go", each.error,
                    {{"database", place.database},
                     {"replica", place.replica},
                     {"what", each.what},
                     {"objects", each.objects}});
}

}  // namespace streamd::replicate
