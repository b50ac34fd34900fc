#include <fmt/format.h>

#include <algorithm>

#include "litestream/plan.h"

namespace streamd::litestream {
namespace {

constexpr const char* kListHint = "`streamctl generations` lists what it holds";

struct Start {
  const Generation* generation = nullptr;
  const Snapshot* snapshot = nullptr;
};

// The newest snapshot up to `until`, of the generation that was written last before it.
Start find_start(const Inventory& inventory, const std::optional<GenerationId>& wanted,
                 Micros until) {
  Start best;
  for (const Generation& generation : inventory.generations) {
    if (wanted && generation.id != *wanted) continue;
    const Snapshot* newest = nullptr;
    for (const Snapshot& snapshot : generation.snapshots)
      if (snapshot.object.time <= until) newest = &snapshot;
    if (newest == nullptr) continue;
    const bool by_time = until != INT64_MAX;
    if (best.snapshot == nullptr || !by_time || newest->object.time >= best.snapshot->object.time)
      best = {&generation, newest};
  }
  return best;
}

Error no_start(const Inventory& inventory, const std::optional<GenerationId>& wanted) {
  Micros earliest = INT64_MAX;
  bool any = false;
  for (const Generation& generation : inventory.generations) {
    if (wanted && generation.id != *wanted) continue;
    any = true;
    for (const Snapshot& snapshot : generation.snapshots)
      earliest = std::min(earliest, snapshot.object.time);
  }
  if (wanted && !any)
    return make_error(Code::kOutsideWindow, "there is no generation " + to_text(*wanted),
                      kListHint);
  if (earliest == INT64_MAX)
    return make_error(Code::kNotRestorable, "Litestream has not stored a whole snapshot yet",
                      kListHint);
  return make_error(Code::kOutsideWindow,
                    "nothing that old is kept: the earliest moment is " + format_time(earliest, 6),
                    kListHint);
}

// The segment that `segment` must follow on, in words; "" = it does. Offsets within a log are
// checked when the segments before are read: their names do not tell how long they are.
std::string missing_before(const Plan& plan, const Segment& segment) {
  const bool begun = !plan.segments.empty();
  const std::uint32_t next = begun ? plan.segments.back().index + 1 : plan.snapshot->index;
  const bool same_log = begun && plan.segments.back().index == segment.index;
  if (same_log || (segment.index == next && segment.offset == 0)) return "";
  return fmt::format("the beginning of log {:08x}", std::min(next, segment.index));
}

void settle(Plan& plan) {
  const Micros image = plan.snapshot->object.time;
  plan.moment.index = plan.segments.empty() ? plan.snapshot->index : plan.segments.back().index;
  plan.moment.time = image;
  plan.unsettled = true;
  for (const Segment& segment : plan.segments) {
    plan.moment.time = std::max(plan.moment.time, segment.object.time);
    if (segment.object.time > image) plan.unsettled = false;
  }
}

}  // namespace

Result<Plan> plan_generations(const Inventory& inventory, const restore::Target& target) {
  if (std::holds_alternative<restore::ByTxid>(target.moment))
    return make_error(Code::kUsage, "Litestream 0.3 does not number transactions",
                      "--timestamp TIME, or --generation ID for its newest moment");
  const auto* by_time = std::get_if<restore::ByTime>(&target.moment);
  const Micros until = by_time == nullptr ? INT64_MAX : by_time->time;
  const Start start = find_start(inventory, target.generation, until);
  if (start.snapshot == nullptr) return no_start(inventory, target.generation);
  Plan plan;
  plan.moment.generation = start.generation->id;
  plan.snapshot = *start.snapshot;
  for (const Segment& segment : start.generation->segments) {
    if (segment.index < start.snapshot->index) continue;
    if (segment.object.time > until) break;  // what follows on it cannot be used
    const std::string missing = missing_before(plan, segment);
    if (missing.empty()) {
      plan.segments.push_back(segment);
      continue;
    }
    const std::string words = fmt::format("{} is missing before {}", missing, segment.object.key);
    if (!target.nearest)
      return make_error(Code::kCorrupt, words, "--nearest restores the moment before the gap");
    plan.moment.notes.push_back(words + "; this is the moment before it");
    break;
  }
  settle(plan);
  return plan;
}

}  // namespace streamd::litestream
