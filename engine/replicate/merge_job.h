// Compaction: neighbouring segments of a replica become one of the next level. Blocks are copied,
// nothing is decoded; the sources come from the cache of what was sent, where they are still there.
#pragma once
#include <atomic>
#include <set>

#include "catalog/merge_plan.h"
#include "replicate/contents.h"
#include "replicate/merge_cache.h"
#include "replicate/upkeep.h"
#include "segment/concatenate.h"

namespace streamd::replicate {

struct MergeSettings {
  std::uint64_t settled_bytes = 8 * kMiB;  // objects of this size or more are never rewritten
  std::uint64_t cache_bytes = 64 * kMiB;   // of the cache; 0 = none
};

class MergeJob final : public UpkeepJob {
 public:
  // Bytes that one turn puts, about; what is left gets the next one.
  static constexpr std::uint64_t kTurnBytes = 32 * kMiB;

  // Borrows contents and cache.
  MergeJob(const MergeSettings& settings, Contents& contents, MergeCache& cache);
  const char* name() const override { return "merge"; }
  std::optional<milliseconds> due_in(const UpkeepView& view) override;
  void hurry() override { asked_ = true; }
  // Every object that turned out to be damaged is left out from then on, and named by the error as
  // long as the replica is joined.
  Status run(const UpkeepContext& context) override;

 private:
  struct Made {
    segment::SealedObject object;  // a temporary in the spool's folder
    std::size_t inputs = 0;        // so many of them, the first ones, fitted into it
  };
  void begin(GenerationId generation);
  Status merge(const catalog::Merge& merge, const UpkeepContext& context);
  Result<std::optional<Made>> make(const catalog::Merge& merge, const UpkeepContext& context);
  Result<File> open_input(const catalog::SegmentKey& key, const UpkeepContext& context);
  Result<File> fetch(const catalog::SegmentKey& key, const UpkeepContext& context);
  void leave_alone(const catalog::SegmentKey& key);
  void damaged(const catalog::SegmentKey& key, Error error);

  catalog::MergeRules rules_;
  Contents& contents_;
  MergeCache& cache_;
  GenerationId generation_;
  Txid snapshot_;                    // the newest when it was planned last
  std::uint64_t plan_again_at_ = 0;  // objects sent in this life
  std::uint64_t forgotten_ = 0;      // Contents::forgotten as of the last run
  bool more_ = false;
  std::atomic<bool> asked_{false};
  std::set<Txid> alone_;  // edges of objects that are not merged
  std::optional<Error> damage_;
};

}  // namespace streamd::replicate
