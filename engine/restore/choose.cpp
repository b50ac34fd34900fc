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

Result<Choice> ask_once(const Replica& replica, const Target& target, const storage::Call& call,
                        Rank& shown) {
  Choice choice;
  choice.replica = replica;
  choice.inventory = TRY(take_inventory(*replica.store, call));
  catalog::Timeline& timeline = choice.inventory.timeline;
  shown = std::max(shown, highest_shown(timeline));
  const SeenTables tables = TRY(read_tables(*replica.store, boundaries(timeline, target), call));
  auto moment = resolve(timeline, target, tables);
  if (!moment) return in_exact_words(std::move(moment.error()), replica, timeline, target, call);
  choice.plan = TRY(make_plan(timeline, *moment));
  return choice;
}

Result<Choice> ask(const Replica& replica, const Target& target, const storage::Call& call,
                   Rank& shown) {
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

// No replica that answers may be a silent second best.
bool is_found(const Target& target, bool any_replica, bool all_answered) {
  return all_answered || any_replica || std::holds_alternative<ByTxid>(target.moment);
}

}  // namespace

Result<Choice> choose_replica(std::span<const Replica> replicas, const Target& target,
                              bool any_replica, const storage::Call& call) {
  if (replicas.empty()) return make_error(Code::kUsage, "restore: no replica was given");
  std::vector<Choice> found;  // the best first
  std::optional<Error> worst;
  std::vector<std::string> notes;
  Rank shown;
  bool all_answered = true;
  for (const Replica& replica : replicas) {
    auto choice = ask(replica, target, call, shown);
    if (choice) {
      const bool best = found.empty() || rank(found.front()) < rank(*choice);
      found.insert(best ? found.begin() : found.end(), std::move(*choice));
      continue;
    }
    Error error = std::move(choice.error()).with_context("replica " + replica.name);
    if (error.code == Code::kCancelled) return error;
    all_answered = all_answered && is_answer(error.code);
    if (error.code != Code::kNoBackup) notes.push_back(error.message);
    if (!worst || weight(error.code) > weight(worst->code)) worst = std::move(error);
  }
  if (found.empty()) return std::move(*worst);
  if (!is_found(target, any_replica, all_answered)) {
    worst->hint = (worst->hint.empty() ? "" : worst->hint + "; ") +
                  "it may hold a newer moment; --replica NAME restores from one that answers";
    return std::move(*worst);
  }
  Choice best = std::move(found.front());
  for (auto other = found.begin() + 1; other != found.end(); ++other)
    if (same_moment(*other, best)) best.equal.push_back(std::move(*other));
  best.plan.newest = all_answered && rank(best) >= shown;
  for (std::string& note : notes) best.plan.moment.notes.push_back(std::move(note));
  for (Choice& other : best.equal) {
    other.plan.newest = best.plan.newest;
    other.plan.moment.notes = best.plan.moment.notes;
  }
  return best;
}

}  // namespace streamd::restore
