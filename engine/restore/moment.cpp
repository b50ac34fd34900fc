#include "restore/moment.h"

#include <fmt/format.h>

#include <algorithm>

namespace streamd::restore {
namespace {

using catalog::Completeness;
using catalog::GenerationTimeline;
using catalog::Segment;
using catalog::Timeline;

constexpr Micros kNamePrecision = 1000;
// At rest a database is looked at again after at most half of this.
constexpr Micros kUsualLook = 60'000'000;

// A name says [time, time + 999] microseconds.
bool surely_seen(Micros name_time, Micros wanted) {
  return name_time + kNamePrecision - 1 <= wanted;
}
bool perhaps_seen(Micros name_time, Micros wanted) {
  return name_time <= wanted;
}

std::string describe(Txid txid, Micros time) {
  return fmt::format("txid {} ({})", txid.value, format_time(time, 6));
}

bool can_be_restored(const GenerationTimeline* generation) {
  return generation->newest() != nullptr;
}

// The generations a target may lie in, the newest first.
std::vector<const GenerationTimeline*> candidates(const Timeline& timeline, const Target& target) {
  std::vector<const GenerationTimeline*> found;
  for (auto at = timeline.generations.rbegin(); at != timeline.generations.rend(); ++at)
    if (!target.generation || *target.generation == at->id) found.push_back(&*at);
  return found;
}

template <class Visit>
void each_complete(const GenerationTimeline& generation, Visit visit) {
  for (const auto& [level, list] : generation.segments)
    for (const Segment& segment : list)
      if (segment.complete) visit(segment);
}

// The times of the moments that names tell, by txid: the earliest where several do.
std::map<Txid, Micros> named_moments(const GenerationTimeline& generation) {
  std::map<Txid, Micros> named;
  for (const auto& snapshot : generation.snapshots)
    named.emplace(snapshot.key.txid, snapshot.key.time);
  each_complete(generation, [&](const Segment& segment) {
    if (!generation.restorable(segment.key.last)) return;
    const auto [at, added] = named.emplace(segment.key.last, segment.key.time);
    if (!added) at->second = std::min(at->second, segment.key.time);
  });
  return named;
}

// The highest moment that was seen in time by its name alone; Txid() when there is none.
Txid highest_sure(const std::map<Txid, Micros>& named, Micros wanted) {
  for (auto at = named.rbegin(); at != named.rend(); ++at)
    if (surely_seen(at->second, wanted)) return at->first;
  return Txid();
}

std::vector<Boundary> boundaries_of(const GenerationTimeline& generation, Micros wanted) {
  const auto named = named_moments(generation);
  const Txid sure = highest_sure(named, wanted);
  Txid later(UINT64_MAX);  // the first that names show to be
  for (auto at = named.upper_bound(sure); at != named.end() && later.value == UINT64_MAX; ++at)
    if (!perhaps_seen(at->second, wanted)) later = at->first;
  std::vector<Boundary> found;
  for (const auto& snapshot : generation.snapshots)
    if (snapshot.key.txid > sure && perhaps_seen(snapshot.key.time, wanted))
      found.push_back({to_text(snapshot.key), snapshot.size, generation.id, snapshot.key.txid,
                       snapshot.key.txid});
  each_complete(generation, [&](const Segment& segment) {
    if (segment.key.last <= sure || !generation.restorable(segment.key.last)) return;
    const auto before = named.find(segment.key.first.prior());
    const bool reaches = before == named.end() || perhaps_seen(before->second, wanted) ||
                         perhaps_seen(segment.key.time, wanted) ||
                         segment.key.time < before->second;  // the clock stepped back
    const bool all = segment.key.completeness == Completeness::kAll;
    const Txid first = all ? std::max(segment.key.first, sure.next()) : segment.key.last;
    if (reaches)
      found.push_back({to_text(segment.key), segment.sizes.back(), generation.id, first,
                       std::min(segment.key.last, later)});
  });
  return found;
}

Error nothing_there(const Timeline& timeline, const Target& target) {
  if (target.generation && timeline.begun())
    return make_error(Code::kOutsideWindow,
                      "restore: the replica has no generation " + to_text(*target.generation),
                      "streamctl generations lists them");
  if (timeline.has_marker)
    return make_error(Code::kNotRestorable,
                      "restore: a backup was begun, but its first snapshot is not complete",
                      "let streamd finish the first snapshot, or use another replica");
  return make_error(Code::kNoBackup, "restore: there is no backup in this replica",
                    "check the replica's path");
}

Error not_restorable(const std::vector<const GenerationTimeline*>& generations,
                     const Timeline& timeline, const Target& target) {
  if (generations.empty()) return nothing_there(timeline, target);
  return make_error(Code::kNotRestorable,
                    "restore: the replica holds objects, but no snapshot to begin with",
                    "let streamd finish the first snapshot, or use another replica");
}

Error outside(const std::vector<const GenerationTimeline*>& generations, const std::string& what) {
  const GenerationTimeline *oldest = nullptr, *newest = nullptr;
  for (const GenerationTimeline* generation : generations) {
    if (generation->newest() == nullptr) continue;
    if (newest == nullptr) newest = generation;
    oldest = generation;
  }
  const catalog::Span &first = oldest->spans.front(), &last = newest->spans.back();
  return make_error(
      Code::kOutsideWindow,
      fmt::format("restore to {}: it is not kept; the oldest moment is {}, the newest {}", what,
                  describe(first.first, first.first_time), describe(last.last, last.last_time)),
      "choose a moment between these; streamctl generations shows what is kept");
}

Error in_hole(const std::string& what, Txid before, Micros before_time, Txid after,
              Micros after_time) {
  return make_error(
      Code::kOutsideWindow,
      fmt::format("restore to {}: it lies in a hole between {} and {}", what,
                  describe(before, before_time), describe(after, after_time)),
      "use another replica that has it, one of the two edges, or --nearest for the earlier one");
}

// Complete segments that lead beyond what can be reached: something between is missing.
bool chain_broken(const GenerationTimeline& generation, Txid from, Txid to) {
  bool broken = false;
  each_complete(generation, [&](const Segment& segment) {
    if (segment.key.first > from && segment.key.first <= to && segment.key.last >= to)
      broken = true;
  });
  return broken;
}

Error gap(Txid after, Micros time, Txid tip) {
  return make_error(
      Code::kCorrupt,
      fmt::format("restore: the chain of segments breaks after {}, although transactions up to {} "
                  "are there",
                  describe(after, time), tip.value),
      fmt::format("--txid {} restores what is whole; another replica may have the rest",
                  after.value));
}

Txid complete_tip(const GenerationTimeline& generation) {
  Txid tip;
  each_complete(generation, [&](const Segment& segment) { tip = std::max(tip, segment.key.last); });
  return tip;
}

// `generation` is one of them.
Moment make_moment(const std::vector<const GenerationTimeline*>& generations,
                   const GenerationTimeline& generation, Txid txid) {
  Moment moment{generation.id, txid};
  for (auto other = generations.begin(); *other != &generation; ++other)
    if (!can_be_restored(*other))
      moment.notes.push_back("generation " + to_text((*other)->id) +
                             " is newer, but no moment of it can be restored yet");
  return moment;
}

// Of the newest generation that can be restored; there is one.
Result<Moment> latest(const std::vector<const GenerationTimeline*>& generations) {
  const GenerationTimeline& generation =
      **std::find_if(generations.begin(), generations.end(), can_be_restored);
  const catalog::Span& newest = *generation.newest();
  if (const Txid tip = complete_tip(generation); tip > newest.last)
    return gap(newest.last, newest.last_time, tip);
  return make_moment(generations, generation, newest.last);
}

Result<Moment> by_txid(const std::vector<const GenerationTimeline*>& generations, Txid txid,
                       bool nearest) {
  for (const GenerationTimeline* generation : generations)
    if (generation->restorable(txid)) return make_moment(generations, *generation, txid);
  const std::string what = "txid " + std::to_string(txid.value);
  for (const GenerationTimeline* generation : generations) {
    for (const catalog::Hole& hole : generation->holes)
      if (hole.before < txid && txid < hole.after) {
        if (nearest) return make_moment(generations, *generation, hole.before);
        return in_hole(what, hole.before, hole.before_time, hole.after, hole.after_time);
      }
    const catalog::Span* newest = generation->newest();
    if (newest != nullptr && newest->last < txid && chain_broken(*generation, newest->last, txid))
      return gap(newest->last, newest->last_time, complete_tip(*generation));
  }
  return outside(generations, what);
}

// The highest moment of one generation seen in time; Txid() when there is none.
Txid seen_in(const GenerationTimeline& generation, Micros wanted, const SeenTables& tables) {
  Txid highest = highest_sure(named_moments(generation), wanted);
  for (const Boundary& boundary : boundaries_of(generation, wanted)) {
    const auto table = tables.find(boundary.key);
    if (table == tables.end()) continue;
    for (const SeenTransaction& transaction : table->second)
      if (transaction.seen <= wanted && generation.restorable(transaction.txid))
        highest = std::max(highest, transaction.txid);
  }
  return highest;
}

// Nothing happened before the last look that did not see what ends the hole.
bool before_the_hole_began(const GenerationTimeline& generation, const catalog::Hole& hole,
                           Micros wanted, const SeenTables& tables) {
  bool quiet = false;
  each_complete(generation, [&](const Segment& segment) {
    if (segment.key.first != hole.before.next()) return;
    const auto table = tables.find(to_text(segment.key));
    if (table != tables.end() && !table->second.empty())
      quiet |= wanted <= table->second.front().not_before;
  });
  return quiet;
}

Status check_hole(const GenerationTimeline& generation, Txid found, Micros wanted,
                  const SeenTables& tables, const std::string& what) {
  for (const catalog::Hole& hole : generation.holes)
    if (hole.before == found && !before_the_hole_began(generation, hole, wanted, tables))
      return in_hole(what, hole.before, hole.before_time, hole.after, hole.after_time);
  const catalog::Span& newest = *generation.newest();
  if (found != newest.last) return {};
  bool later = false;
  each_complete(generation, [&](const Segment& segment) {
    later |= segment.key.last > found && perhaps_seen(segment.key.time, wanted);
  });
  if (later) return gap(found, newest.last_time, complete_tip(generation));
  return {};
}

// The transaction after `found`, when a table tells of it.
struct Next {
  const SeenTransaction* transaction = nullptr;
  bool compared = false;  // it is all that was found when somebody looked again
};
Next next_after(const GenerationTimeline& generation, Txid found, const SeenTables& tables) {
  Next next;
  each_complete(generation, [&](const Segment& segment) {
    const auto table = tables.find(to_text(segment.key));
    if (table == tables.end() || segment.key.last <= found) return;
    for (const SeenTransaction& each : table->second)
      if (each.txid > found && (next.transaction == nullptr || each.txid < next.transaction->txid))
        next = {&each, segment.key.completeness == Completeness::kDelta};
  });
  return next;
}

// While no daemon ran, or it stood still, commits may have been made that are only in the next one.
void note_what_nobody_saw(const GenerationTimeline& generation, Micros wanted,
                          const SeenTables& tables, Moment& moment) {
  const auto [next, compared] = next_after(generation, moment.txid, tables);
  if (next == nullptr || wanted <= next->not_before || next->seen <= wanted) return;
  if (!compared && next->seen - next->not_before <= kUsualLook) return;
  moment.notes.push_back(
      fmt::format("nobody saw when things changed between {} and {}: what was committed then is in "
                  "transaction {} and later, and this moment is {}",
                  format_time(next->not_before, 6), format_time(next->seen, 6), next->txid.value,
                  moment.txid.value));
}

// The name of the first transaction that a generation shows, restorable or not.
bool had_begun(const GenerationTimeline& generation, Micros wanted) {
  bool begun = false;
  each_complete(generation,
                [&](const Segment& segment) { begun |= surely_seen(segment.key.time, wanted); });
  return begun;
}

Result<Moment> by_time(const std::vector<const GenerationTimeline*>& generations, Micros wanted,
                       bool nearest, const SeenTables& tables) {
  const std::string what = format_time(wanted, 6);
  const GenerationTimeline* unreachable = nullptr;  // had begun, but cannot be restored at `wanted`
  for (const GenerationTimeline* generation : generations) {
    const Txid found =
        generation->newest() == nullptr ? Txid() : seen_in(*generation, wanted, tables);
    if (found == Txid()) {
      if (had_begun(*generation, wanted)) unreachable = generation;
      continue;
    }
    if (!nearest) {
      TRY(check_hole(*generation, found, wanted, tables, what));
      if (unreachable != nullptr && unreachable->newest() != nullptr) {
        const catalog::Span &last = *generation->newest(), &first = unreachable->spans.front();
        return in_hole(what, last.last, last.last_time, first.first, first.first_time);
      }
    }
    Moment moment = make_moment(generations, *generation, found);
    note_what_nobody_saw(*generation, wanted, tables, moment);
    return moment;
  }
  return outside(generations, what);
}

}  // namespace

std::vector<Boundary> boundaries(const Timeline& timeline, const Target& target) {
  const auto* by = std::get_if<ByTime>(&target.moment);
  std::vector<Boundary> found;
  if (by == nullptr) return found;
  for (const GenerationTimeline* generation : candidates(timeline, target)) {
    if (generation->newest() == nullptr) continue;
    for (Boundary& boundary : boundaries_of(*generation, by->time))
      found.push_back(std::move(boundary));
    if (highest_sure(named_moments(*generation), by->time) != Txid()) break;
  }
  return found;
}

Result<Moment> resolve(const Timeline& timeline, const Target& target, const SeenTables& tables) {
  const auto generations = candidates(timeline, target);
  if (std::none_of(generations.begin(), generations.end(), can_be_restored))
    return not_restorable(generations, timeline, target);
  if (const auto* by = std::get_if<ByTxid>(&target.moment))
    return by_txid(generations, by->txid, target.nearest);
  if (const auto* by = std::get_if<ByTime>(&target.moment))
    return by_time(generations, by->time, target.nearest, tables);
  return latest(generations);
}

}  // namespace streamd::restore
