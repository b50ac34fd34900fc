#include "restore/choose.h"

#include <algorithm>
#include <tuple>

namespace streamd::restore {
namespace {

constexpr int kRounds = 5;  // listings, while objects are removed that were just listed

Result<Choice> ask_once(const Replica& replica, const Target& target, const storage::Call& call) {
  Choice choice{replica, TRY(take_inventory(*replica.store, call)), {}};
  const catalog::Timeline& timeline = choice.inventory.timeline;
  const SeenTables tables = TRY(read_tables(*replica.store, boundaries(timeline, target), call));
  const Moment moment = TRY(resolve(timeline, target, tables));
  choice.plan = TRY(make_plan(timeline, moment));
  return choice;
}

Result<Choice> ask(const Replica& replica, const Target& target, const storage::Call& call) {
  for (int round = 1;; ++round) {
    auto choice = ask_once(replica, target, call);
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

std::tuple<std::uint32_t, Txid, GenerationId> rank(const Choice& choice) {
  const Moment& moment = choice.plan.moment;
  return {moment.generation.epoch(), moment.txid, moment.generation};
}

}  // namespace

Result<Choice> choose_replica(std::span<const Replica> replicas, const Target& target,
                              bool any_replica, const storage::Call& call) {
  std::optional<Choice> best;
  std::optional<Error> worst;
  bool all_answered = true;
  for (const Replica& replica : replicas) {
    auto choice = ask(replica, target, call);
    if (choice) {
      if (!best || rank(*best) < rank(*choice)) best = std::move(*choice);
      continue;
    }
    Error error = std::move(choice.error()).with_context("replica " + replica.name);
    if (error.code == Code::kCancelled) return error;
    all_answered = all_answered && is_answer(error.code);
    if (!worst || weight(error.code) > weight(worst->code)) worst = std::move(error);
  }
  if (replicas.empty()) return make_error(Code::kUsage, "restore: no replica was given");
  if (!best) return std::move(*worst);
  const bool found = any_replica || std::holds_alternative<ByTxid>(target.moment);
  if (!all_answered && !found) {
    if (worst->hint.empty())
      worst->hint = "it may hold a newer moment; --replica NAME restores from one that answers";
    return std::move(*worst);
  }
  if (!all_answered) best->plan.moment.newest = false;
  return std::move(*best);
}

}  // namespace streamd::restore
