#include "restore/choose.h"

#include <algorithm>
#include <tuple>

#include "restore/exact_times.h"

namespace streamd::restore {
namespace {

constexpr int kRounds = 5;  // listings, while objects are removed that were just listed

// What orders moments: epoch, then txid.
using Rank = std::tuple<std::uint32_t, Txid>;

// The highest that a replica shows, restorable or not. A segment that is not complete shows
// nothing: its upload was broken off.
Rank highest_shown(const catalog::Timeline& timeline) {
  Rank highest;
  for (const catalog::GenerationTimeline& generation : timeline.generations) {
    const std::uint32_t epoch = generation.id.epoch();
    for (const catalog::Snapshot& snapshot : generation.snapshots)
      highest = std::max(highest, Rank(epoch, snapshot.key.txid));
    for (const auto& [level, list] : generation.segments)
      for (const catalog::Segment& segment : list)
        if (segment.complete) highest = std::max(highest, Rank(epoch, segment.key.last));
  }
  return highest;
}

// The refusal names moments that a person may ask for next: with the times that are recorded.
Error in_exact_words(Error refusal, const Replica& replica, catalog::Timeline& timeline,
                     const Target& target, const storage::Call& call) {
  if (refusal.code != Code::kOutsideWindow) return refusal;
  if (!read_exact_times(*replica.store, timeline, TimesOf::kEdges, call)) return refusal;
  const auto tables = read_tables(*replica.store, boundaries(timeline, target), call);
  if (!tables) return refusal;
  auto again = resolve(timeline, target, *tables);
  return again ? refusal : std::move(again.error());
}

// What a replica shows; `whole`: it also said whose it is.
struct Shown {
  Rank highest;
  bool whole = false;
};

Result<Choice> ask_once(const Replica& replica, const Target& target, const storage::Call& call,
                        Shown& shown) {
  Choice choice;
  choice.replica = replica;
  auto inventory = take_inventory(*replica.store, call);
  shown.whole = inventory.has_value();
  if (!inventory && inventory.error().code == Code::kCorrupt)
    shown.highest = highest_shown(TRY(take_timeline(*replica.store, call)));
  choice.inventory = TRY(std::move(inventory));
  if (!choice.inventory.marker && replica.if_empty) {
    shown.whole = false;
    return Error(*replica.if_empty);
  }
  catalog::Timeline& timeline = choice.inventory.timeline;
  shown.highest = std::max(shown.highest, highest_shown(timeline));
  const SeenTables tables = TRY(read_tables(*replica.store, boundaries(timeline, target), call));
  auto moment = resolve(timeline, target, tables);
  if (!moment) return in_exact_words(std::move(moment.error()), replica, timeline, target, call);
  choice.plan = TRY(make_plan(timeline, *moment));
  return choice;
}

Result<Choice> ask(const Replica& replica, const Target& target, const storage::Call& call,
                   Shown& shown) {
  for (int round = 1;; ++round) {
    auto choice = ask_once(replica, target, call, shown);
    const bool gone = !choice && choice.error().code == Code::kNotFound;
    if (!gone || round == kRounds) return choice;
  }
}

// The replica answered, and this is what it says; else it could not be asked.
bool is_answer(Code code) {
  return code == Code::kNoBackup || code == Code::kNotRestorable || code == Code::kOutsideWindow ||
         code == Code::kCorrupt;
}

// Which of two failures tells more: no answer, then damage, then what is kept, and last the proof
// that there is nothing.
int weight(Code code) {
  switch (code) {
    case Code::kNoBackup:
      return 0;
    case Code::kNotRestorable:
      return 1;
    case Code::kOutsideWindow:
      return 2;
    case Code::kCorrupt:
      return 3;
    default:
      return 4;
  }
}

Rank rank(const Choice& choice) {
  const Moment& moment = choice.plan.moment;
  return {moment.generation.epoch(), moment.txid};
}

bool same_moment(const Choice& left, const Choice& right) {
  const Moment &a = left.plan.moment, &b = right.plan.moment;
  return a.generation == b.generation && a.txid == b.txid;
}

// Why another replica did not lead to the moment.
struct Refusal {
  Error error;
  Rank shown;  // the highest
};

// The best is exactly what was wanted: a transaction by its number, or the last one before a time
// where the same replica shows the next.
bool is_exact(const Choice& best, const Target& target) {
  if (const auto* by = std::get_if<ByTxid>(&target.moment))
    return best.plan.moment.txid == by->txid;
  return std::holds_alternative<ByTime>(target.moment) &&
         rank(best) < highest_shown(best.inventory.timeline);
}

// No replica that answers may be a silent second best: what one could not be asked for, or shows
// beyond the best and cannot give.
bool overrules(const Refusal& refusal, const Choice& best, const Target& target) {
  if (!is_answer(refusal.error.code)) return !std::holds_alternative<ByTxid>(target.moment);
  if (is_exact(best, target) || rank(best) >= refusal.shown) return false;
  if (refusal.error.code == Code::kCorrupt) return true;
  return refusal.error.code == Code::kOutsideWindow && !target.nearest &&
         std::holds_alternative<ByTime>(target.moment);
}

Error second_best(Error error, const Choice& best) {
  const std::string ways =
      is_answer(error.code)
          ? "replica " + best.replica.name + " is behind it, at txid " +
                std::to_string(best.plan.moment.txid.value) + ": --replica " + best.replica.name +
                " restores that"
          : "it may hold a newer moment; --replica NAME restores from one that answers";
  error.hint = (error.hint.empty() ? "" : error.hint + "; ") + ways;
  return error;
}

}  // namespace

Result<Choice> choose_replica(std::span<const Replica> replicas, const Target& target,
                              bool any_replica, const storage::Call& call) {
  if (replicas.empty()) return make_error(Code::kUsage, "restore: no replica was given");
  std::vector<Choice> found;  // the best first
  std::vector<Refusal> refusals;
  Rank shown;
  bool all_told = true;  // what they hold
  for (const Replica& replica : replicas) {
    Shown here;
    auto choice = ask(replica, target, call, here);
    shown = std::max(shown, here.highest);
    all_told = all_told && here.whole && (choice || is_answer(choice.error().code));
    if (choice) {
      const bool best = found.empty() || rank(found.front()) < rank(*choice);
      found.insert(best ? found.begin() : found.end(), std::move(*choice));
      continue;
    }
    Error error = std::move(choice.error()).with_context("replica " + replica.name);
    if (error.code == Code::kCancelled) return error;
    refusals.push_back({std::move(error), here.highest});
  }
  // That of the first counts where several are alike.
  std::stable_sort(refusals.begin(), refusals.end(), [](const Refusal& a, const Refusal& b) {
    return weight(a.error.code) > weight(b.error.code);
  });
  if (found.empty()) return std::move(refusals.front().error);
  Choice best = std::move(found.front());
  for (const Refusal& refusal : refusals) {
    if (best.overruled || !overrules(refusal, best, target)) continue;
    best.overruled = second_best(refusal.error, best);
    if (!any_replica) return std::move(*best.overruled);
  }
  for (auto other = found.begin() + 1; other != found.end(); ++other)
    if (same_moment(*other, best)) best.equal.push_back(std::move(*other));
  best.plan.newest = all_told && rank(best) >= shown;
  for (Refusal& refusal : refusals)
    if (refusal.error.code != Code::kNoBackup)
      best.plan.moment.notes.push_back(std::move(refusal.error.message));
  for (Choice& other : best.equal) {
    other.plan.newest = best.plan.newest;
    other.plan.moment.notes = best.plan.moment.notes;
  }
  return best;
}

}  // namespace streamd::restore
