#include "retention/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "retention/calendar.h"
#include "retention/covered.h"

namespace streamd::retention {
namespace {

using catalog::Completeness;
using catalog::GenerationTimeline;

Verdict needed(std::string reason) {
  return {true, std::move(reason)};
}
Verdict unneeded(std::string reason) {
  return {false, std::move(reason)};
}

// Of one generation, beside its region.
struct Kept {
  std::map<Txid, Verdict> snapshots;         // every one, by txid
  std::set<std::tuple<Txid, Txid>> leading;  // ranges of `last` and `delta` that stay
  bool covered_go = true;                    // every moment stays without what is covered
};

// Of all generations: a manifest may name parts of another one.
struct Named {
  std::set<std::string> staying, going;  // by snapshots that stay, by snapshots that go
  std::string unknown;                   // a manifest that stays and was not read
};

Error would_lose(const std::string& what) {
  return make_error(Code::kInternal,
                    "prune: the decision would lose " + what + ": nothing is removed",
                    "please report this, with the output of `streamctl timeline --json`");
}

class Judge {
 public:
  Judge(std::span<const catalog::Listed> listing, const PartNames& parts, Micros now,
        const Rules& rules)
      : listing_(listing), parts_(parts), now_(now), rules_(rules) {
    result_.timeline = catalog::read_timeline(listing);
    result_.regions = find_regions(result_.timeline, now, rules);
  }
  Judgement run();

 private:
  void judge_snapshots();
  void learn_parts();
  void find_leading(const GenerationTimeline& generation, Kept& kept);
  void try_without_covered(const GenerationTimeline& generation, Kept& kept);
  bool in_window(const catalog::SnapshotKey& key) const;
  Verdict of(const catalog::SnapshotKey& key) const;
  Verdict of(const catalog::SegmentKey& key) const;
  Verdict of_old(const catalog::SegmentKey& key, const Region& region) const;
  Verdict of(const catalog::PartKey& key, const std::string& name) const;
  const Region& region(GenerationId id) const { return result_.regions.at(id); }

  const std::span<const catalog::Listed> listing_;
  const PartNames& parts_;
  const Micros now_;
  const Rules& rules_;
  Judgement result_;
  std::map<GenerationId, Kept> kept_;
  Named named_;
};

bool Judge::in_window(const catalog::SnapshotKey& key) const {
  const Region& where = region(key.generation);
  return !where.oldest || key.txid >= *where.oldest;
}

void Judge::judge_snapshots() {
  std::vector<const catalog::SnapshotKey*> newest_first;
  std::vector<Micros> times;
  const auto& generations = result_.timeline.generations;
  for (auto each = generations.rbegin(); each != generations.rend(); ++each)
    for (auto at = each->snapshots.rbegin(); at != each->snapshots.rend(); ++at) {
      newest_first.push_back(&at->key);
      times.push_back(at->key.time);
    }
  const std::vector<std::string> calendar = kept_by_calendar(times, rules_.keep, now_);
  for (std::size_t i = 0; i < newest_first.size(); ++i) {
    const catalog::SnapshotKey& key = *newest_first[i];
    const Region& where = region(key.generation);
    Verdict verdict = unneeded("older than the retention, and no rule of keep holds it");
    if (in_window(key))
      verdict = needed(where.oldest && (key.txid == *where.oldest || key.txid == where.exact_base)
                           ? "the window begins from it"
                           : "inside the window");
    else if (!calendar[i].empty())
      verdict = needed(calendar[i]);
    // Two of one transaction have one fate.
    const auto [known, added] = kept_[key.generation].snapshots.emplace(key.txid, verdict);
    if (!added && verdict.needed) known->second = verdict;
  }
}

void Judge::learn_parts() {
  const auto& generations = result_.timeline.generations;
  if (std::all_of(generations.begin(), generations.end(),
                  [](const GenerationTimeline& each) { return each.parts.empty(); }))
    return;
  for (const GenerationTimeline& generation : generations)
    for (const catalog::Snapshot& snapshot : generation.snapshots) {
      const bool stays = of(snapshot.key).needed;
      const std::string name = to_text(snapshot.key);
      const auto known = parts_.find(name);
      if (known != parts_.end()) {
        (stays ? named_.staying : named_.going).insert(known->second.begin(), known->second.end());
      } else if (stays) {
        named_.unknown = name;
        result_.unread.push_back(name);
      }
    }
}

// What leads on from a snapshot inside the window to single moments after it.
void Judge::find_leading(const GenerationTimeline& generation, Kept& kept) {
  if (region(generation.id).out) return;
  std::set<Txid> reached;
  for (const catalog::Snapshot& snapshot : generation.snapshots)
    if (in_window(snapshot.key)) reached.insert(snapshot.key.txid);
  std::set<std::tuple<Txid, Txid>> ranges;
  for (const auto& [level, segments] : generation.segments)
    for (const catalog::Segment& segment : segments)
      if (segment.complete && segment.key.completeness != Completeness::kAll)
        ranges.emplace(segment.key.first, segment.key.last);
  for (const auto& [first, last] : ranges)
    if (reached.contains(first.prior())) {
      kept.leading.emplace(first, last);
      reached.insert(last);
    }
}

// Where wider segments overlap (no daemon makes such ones), a chain may need a covered one to get
// from one to the other.
void Judge::try_without_covered(const GenerationTimeline& generation, Kept& kept) {
  const Region& where = region(generation.id);
  if (where.out || where.over) return;
  const auto covered = [&](const catalog::Segment& each) {
    return covering(generation, each.key) != nullptr;
  };
  if (std::none_of(generation.segments.begin(), generation.segments.end(), [&](const auto& level) {
        return std::any_of(level.second.begin(), level.second.end(), covered);
      }))
    return;
  GenerationTimeline rest = without_past(generation, where.exact_base.value_or(Txid()));
  for (auto& [level, segments] : rest.segments) std::erase_if(segments, covered);
  catalog::find_moments(rest);
  kept.covered_go = same_moments(generation, rest, where.exact_from.value_or(Txid()));
}

Verdict Judge::of(const catalog::SnapshotKey& key) const {
  return kept_.at(key.generation).snapshots.at(key.txid);
}

// Older than the history, or than the window.
Verdict Judge::of_old(const catalog::SegmentKey& key, const Region& where) const {
  if (where.out)
    return unneeded("of a generation that is over: a newer one leads to the window's beginning");
  const bool leads = key.completeness != Completeness::kAll &&
                     kept_.at(key.generation).leading.contains({key.first, key.last});
  if (leads) return needed("leads on from a snapshot");
  if (rules_.history < rules_.retention && (!where.oldest || key.last > *where.oldest))
    return unneeded("older than the history: only snapshots stay there");
  return unneeded("before the window's beginning");
}

Verdict Judge::of(const catalog::SegmentKey& key) const {
  const Region& where = region(key.generation);
  if (where.out || where.over || (where.exact_base && key.first <= *where.exact_base))
    return of_old(key, where);
  if (const auto* wide = covering(*result_.timeline.find(key.generation), key)) {
    if (!kept_.at(key.generation).covered_go)
      return needed("perhaps leads on where wider segments overlap");
    return {false, fmt::format("covered by one of level {}", wide->key.level), *wide};
  }
  if (where.exact_from && key.last <= *where.exact_from)
    return needed("leads to the window's beginning");
  return needed("inside the window");
}

Verdict Judge::of(const catalog::PartKey& key, const std::string& name) const {
  const GenerationTimeline& generation = *result_.timeline.find(key.generation);
  if (named_.staying.contains(name)) return needed("a snapshot that stays names it");
  if (!named_.unknown.empty()) return needed("perhaps " + named_.unknown + " names it");
  if (named_.going.contains(name)) return unneeded("only snapshots that go name it");
  const bool done = region(key.generation).out;
  if (!done && (generation.snapshots.empty() || key.txid >= generation.snapshots.back().key.txid))
    return needed("perhaps of a snapshot that is being taken");
  return unneeded("no snapshot names it");
}

Judgement Judge::run() {
  judge_snapshots();
  for (const GenerationTimeline& generation : result_.timeline.generations) {
    find_leading(generation, kept_[generation.id]);
    try_without_covered(generation, kept_[generation.id]);
  }
  learn_parts();
  for (const catalog::Listed& object : listing_) {
    const catalog::Key key = catalog::parse_key(object.key);
    Verdict verdict = needed("not of the kinds that are pruned");
    if (const auto* snapshot = std::get_if<catalog::SnapshotKey>(&key)) verdict = of(*snapshot);
    if (const auto* segment = std::get_if<catalog::SegmentKey>(&key)) verdict = of(*segment);
    if (const auto* part = std::get_if<catalog::PartKey>(&key)) verdict = of(*part, object.key);
    result_.verdicts.push_back(std::move(verdict));
  }
  return std::move(result_);
}

}  // namespace

Judgement judge(std::span<const catalog::Listed> listing, const PartNames& parts, Micros now,
                const Rules& rules) {
  return Judge(listing, parts, now, rules).run();
}

Status prove(const Decisions& decisions, const Judgement& judgement) {
  std::vector<catalog::Listed> stays;
  for (const Decision& decision : decisions.objects)
    if (decision.fate != Fate::kRemove) stays.push_back(decision.object);
  const catalog::Timeline after = catalog::read_timeline(stays);
  for (const catalog::GenerationTimeline& before : judgement.timeline.generations) {
    const Region& region = judgement.regions.at(before.id);
    const catalog::GenerationTimeline* left = after.find(before.id);
    const bool exact = !region.out && !region.over;
    if (exact &&
        (left == nullptr || !same_moments(before, *left, region.exact_from.value_or(Txid()))))
      return would_lose("transactions of generation " + to_text(before.id));
  }
  return {};
}

}  // namespace streamd::retention
