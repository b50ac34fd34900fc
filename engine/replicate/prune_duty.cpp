#include "replicate/prune_duty.h"

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

}  // namespace

// A window that is shorter than hours is looked after more often.
milliseconds PruneDuty::often() const {
  return std::clamp(rules_.retention / 4, kShortest, kOften);
}

milliseconds PruneDuty::due_in(const PruneView& view) {
  if (!last_) return milliseconds(0);
  const bool moved = last_->waiting || view.generation != last_->generation ||
                     view.acknowledged != last_->acknowledged;
  MonoTime due = last_->at + (moved ? often() : kSeldom);
  if (view.snapshot != last_->snapshot) {
    if (!new_snapshot_) new_snapshot_ = view.now;
    due = std::min(due, *new_snapshot_ + rules_.grace + kShortest);
  }
  return std::chrono::ceil<milliseconds>(due - view.now);
}

// What an earlier life did less than a day ago; a file that says nothing counts as none.
std::optional<PruneDuty::Last> PruneDuty::recall(const PruneView& view,
                                                 const PrunePlace& place) const {
  const auto raw = read_file(join_path(place.state_folder, kFile));
  if (!raw) return std::nullopt;
  const auto json = Json::parse(as_text(*raw));
  Last last;
  if (!json || !parse_generation(json->string("generation"), last.generation)) return std::nullopt;
  const milliseconds ago{(place.clock.wall_micros() - json->integer("time")) / 1000};
  if (ago.count() < 0 || ago > kSeldom) return std::nullopt;
  last.at = view.now - ago;
  last.acknowledged = Txid(static_cast<std::uint64_t>(json->integer("txid")));
  last.snapshot = Txid(static_cast<std::uint64_t>(json->integer("snapshot")));
  last.waiting = json->boolean("waiting");
  return last;
}

Status PruneDuty::remember(const PrunePlace& place) const {
  const Json json = Json::object({{"time", place.clock.wall_micros()},
                                  {"generation", to_text(last_->generation)},
                                  {"txid", last_->acknowledged.value},
                                  {"snapshot", last_->snapshot.value},
                                  {"waiting", last_->waiting}});
  return replace_file(join_path(place.state_folder, kFile), as_bytes(json.print()));
}

Status PruneDuty::run(const PruneView& view, const PrunePlace& place) {
  removed_.clear();
  if (!std::exchange(recalled_, true)) {
    last_ = recall(view, place);
    if (last_ && due_in(view).count() > 0) return {};
  }
  retention::Pruner pruner(place.store, place.clock, std::move(parts_));
  Status pruned = pruner.prune(rules_, place.call);
  const retention::PruneReport& report = pruner.report();
  parts_ = pruner.parts();
  removed_ = report.removed;
  for (const catalog::Listed& object : removed_) parts_.erase(object.key);
  tell(place, report);
  TRY(std::move(pruned));
  const bool waiting = report.decisions.count(retention::Fate::kWait) > 0;
  last_ = Last{view.now, view.generation, view.acknowledged, view.snapshot, waiting};
  new_snapshot_.reset();
  return remember(place);
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
    log_error_event(LogLevel::kWarn, "a snapshot cannot be read: no parts are pruned", error,
                    {{"database", place.database}, {"replica", place.replica}});
  for (const retention::Refusal& each : report.refused)
    log_error_event(LogLevel::kWarn, "the storage does not let objects go", each.error,
                    {{"database", place.database},
                     {"replica", place.replica},
                     {"what", each.what},
                     {"objects", each.objects}});
}

}  // namespace streamd::replicate
