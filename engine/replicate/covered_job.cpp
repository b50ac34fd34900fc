#include "replicate/covered_job.h"

#include <algorithm>

#include "catalog/merge_plan.h"

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
  UpkeepDone done;
  for (const auto& [name, waiting] : waiting_) {
    if (now - waiting.covered < grace_) continue;
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

// What is covered by now; what is not (any more) waits for nothing.
void CoveredJob::look(MonoTime now) {
  merged_ = contents_.merged();
  const Contents::View view = contents_.view();
  std::map<std::string, Waiting> covered;
  for (const catalog::Covered& each : catalog::covered_segments(view.generation)) {
    std::string name = catalog::to_text(each.segment->key);
    const auto known = waiting_.find(name);
    const MonoTime since =
        known == waiting_.end() ? covered_since(*each.by, view, now) : known->second.covered;
    covered.emplace(std::move(name), Waiting{*each.segment, since});
  }
  waiting_ = std::move(covered);
}

}  // namespace streamd::replicate
