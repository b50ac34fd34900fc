#include "replicate/covered_job.h"

#include <algorithm>

#include "base/log.h"
#include "catalog/merge_plan.h"
#include "retention/whole.h"
#include "state/changed_pages.h"

namespace streamd::replicate {
namespace {

// Several together: the first one waits a little longer.
milliseconds patience(milliseconds grace) {
  return grace + grace / 8;
}

// Since when the covering object has been there. One of an earlier life: by its age when it was
// listed, seen from the newest object there; both times are the store's.
MonoTime covered_since(const catalog::Segment& by, const Contents::View& view, MonoTime now) {
  if (by.mtime_ns == 0 || by.mtime_ns > view.newest_mtime_ns) return now;
  return view.listed - std::chrono::nanoseconds(view.newest_mtime_ns - by.mtime_ns);
}

}  // namespace

std::optional<milliseconds> CoveredJob::due_in(const UpkeepView& view) {
  if (contents_.merged() != merged_) return milliseconds(0);
  std::optional<milliseconds> next;
  for (const auto& [name, waiting] : waiting_) {
    const auto left =
        std::chrono::ceil<milliseconds>(waiting.covered + patience(grace_) - view.now);
    next = std::min(next.value_or(left), left);
  }
  return next;
}

Status CoveredJob::run(const UpkeepContext& context) {
  const MonoTime now = context.clock.mono();
  look(now);
  std::vector<std::string> names;
  std::vector<const catalog::Segment*> segments;
  std::set<std::string> damaged;
  UpkeepDone done;
  for (const auto& [name, waiting] : waiting_) {
    if (now - waiting.covered < grace_) continue;
    if (waiting.earlier && !damaged.contains(catalog::to_text(waiting.by.key)) &&
        !TRY(is_whole(waiting.by, context)))
      damaged.insert(catalog::to_text(waiting.by.key));
    if (damaged.contains(catalog::to_text(waiting.by.key))) continue;
    const catalog::Segment& segment = waiting.segment;
    for (std::uint32_t i = 1; i <= segment.key.piece.count; ++i)
      names.push_back(catalog::to_text(segment.piece(i)));
    segments.push_back(&segment);
    done.bytes_removed += segment.size;
  }
  if (names.empty()) return {};
  TRY(context.store.remove(names, context.call));
  for (const catalog::Segment* segment : segments) {
    contents_.remove(segment->key);
    cache_.drop(segment->key);
    const std::string name = catalog::to_text(segment->key);
    waiting_.erase(name);
  }
  done.objects_removed = names.size();
  context.count(done);
  return {};
}

// Who merged it may have died before it was proven. One that is not what its name says is
// forgotten: what it covers stays, and is merged again.
Result<bool> CoveredJob::is_whole(const catalog::Segment& by, const UpkeepContext& context) {
  const std::string name = catalog::to_text(by.key);
  if (whole_.contains(name)) return true;
  Status proven =
      retention::prove_whole(context.store, by, context.identity.database, context.call);
  if (!proven && !state::is_lost(proven.error())) return Error(proven.error());
  if (proven) {
    whole_.insert(name);
    return true;
  }
  contents_.forget(by.key);
  log_error_event(LogLevel::kWarn, "a merged object is damaged: what it was made from stays",
                  proven.error(), {{"database", context.database}, {"replica", context.replica}});
  return false;
}

// What is covered by now; what is not (any more) waits for nothing.
void CoveredJob::look(MonoTime now) {
  merged_ = contents_.merged();
  const Contents::View view = contents_.view();
  const bool listed_anew = view.listed != listed_;
  if (listed_anew) whole_.clear();
  listed_ = view.listed;
  std::map<std::string, Waiting> covered;
  for (const catalog::Covered& each : catalog::covered_segments(view.generation)) {
    std::string name = catalog::to_text(each.segment->key);
    const auto known = waiting_.find(name);
    const MonoTime since =
        known == waiting_.end() ? covered_since(*each.by, view, now) : known->second.covered;
    const bool earlier =
        listed_anew || each.by->mtime_ns != 0 ||
        (known != waiting_.end() && known->second.earlier && known->second.by.key == each.by->key);
    covered.emplace(std::move(name), Waiting{*each.segment, since, *each.by, earlier});
  }
  waiting_ = std::move(covered);
}

}  // namespace streamd::replicate
