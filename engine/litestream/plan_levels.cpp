#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "litestream/plan.h"

namespace streamd::litestream {
namespace {

// Walks the files in the order of their beginnings; the same one never comes twice.
class Chain {
 public:
  Chain(const std::vector<LtxFile>& files, Txid limit) {
    for (const LtxFile& file : files)
      if (file.last <= limit) waiting_.push_back(&file);
    std::ranges::stable_sort(waiting_, {}, [](const LtxFile* file) { return file->first; });
  }
  // The file that follows on `at` and reaches furthest; nullptr when none does. `at` only grows.
  const LtxFile* next(Txid at) {
    for (; entered_ < waiting_.size() && waiting_[entered_]->first <= at.next(); ++entered_)
      if (best_ == nullptr || rank(*waiting_[entered_]) > rank(*best_)) best_ = waiting_[entered_];
    return best_ != nullptr && best_->last > at ? best_ : nullptr;
  }
  // After the last next(): the first file behind a gap; nullptr when there is none.
  const LtxFile* behind_gap() const {
    return entered_ < waiting_.size() ? waiting_[entered_] : nullptr;
  }

 private:
  // Of two that reach equally far the one that begins earlier, then the higher level.
  static std::tuple<Txid, std::uint64_t, unsigned> rank(const LtxFile& file) {
    return {file.last, ~file.first.value, file.level};
  }
  std::vector<const LtxFile*> waiting_;
  std::size_t entered_ = 0;
  const LtxFile* best_ = nullptr;
};

// The newest snapshot, so that little has to be fetched beside it.
const LtxFile* newest_snapshot(const std::vector<LtxFile>& files, Txid limit) {
  const LtxFile* newest = nullptr;
  for (const LtxFile& file : files)
    if (file.level == kSnapshotLevel && file.first.value == 1 && file.last <= limit &&
        (newest == nullptr || file.last > newest->last))
      newest = &file;
  return newest;
}

Error no_image(const std::vector<LtxFile>& files, Txid limit) {
  Txid earliest(UINT64_MAX);
  for (const LtxFile& file : files)
    if (file.first.value == 1) earliest = std::min(earliest, file.last);
  if (earliest.value == UINT64_MAX)
    return make_error(Code::kNotRestorable, "no file of this replica has the whole database",
                      "`streamctl snapshots` lists those that have");
  return make_error(
      Code::kOutsideWindow,
      fmt::format("transaction {} is not kept: the earliest is {}", limit.value, earliest.value),
      "`streamctl snapshots` lists whole images");
}

Status reached(Plan& plan, const Chain& chain, const restore::Target& target, Txid limit) {
  const Txid at = plan.moment.txid;
  const bool by_txid = limit.value != UINT64_MAX;
  if (by_txid && at == limit) return {};
  std::string words;
  Code code = Code::kCorrupt;
  if (const LtxFile* gap = chain.behind_gap()) {
    words = fmt::format("transactions {} to {} are missing before {}", at.value + 1,
                        gap->first.value - 1, gap->object.key);
  } else if (by_txid) {
    code = Code::kOutsideWindow;
    words = fmt::format("transaction {} is not kept by itself: the one before it is {}",
                        limit.value, at.value);
  } else {
    return {};
  }
  if (!target.nearest)
    return make_error(code, words,
                      fmt::format("--nearest or --txid {} restores that one", at.value));
  plan.moment.notes.push_back(words);
  return {};
}

}  // namespace

Result<Plan> plan_levels(const std::vector<LtxFile>& files, const restore::Target& target) {
  if (target.generation)
    return make_error(Code::kUsage, "Litestream 0.5 has no generations",
                      "--timestamp TIME or --txid N");
  const auto* by_txid = std::get_if<restore::ByTxid>(&target.moment);
  const Txid limit = by_txid == nullptr ? Txid(UINT64_MAX) : by_txid->txid;
  Plan plan;
  plan.moment.format = Format::kLevels;
  if (const LtxFile* snapshot = newest_snapshot(files, limit)) plan.files.push_back(*snapshot);
  Chain chain(files, limit);
  for (;;) {
    const LtxFile* next = chain.next(plan.files.empty() ? Txid{} : plan.files.back().last);
    if (next == nullptr) break;
    plan.files.push_back(*next);
  }
  if (plan.files.empty()) return no_image(files, limit);
  plan.moment.txid = plan.files.back().last;
  plan.moment.time = plan.files.back().object.time;
  TRY(reached(plan, chain, target, limit));
  return plan;
}

}  // namespace streamd::litestream
