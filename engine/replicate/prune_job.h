// Removes what the rules of retention let go (docs/retention.md), and tells those who count on it.
#pragma once
#include "replicate/contents.h"
#include "replicate/merge_cache.h"
#include "replicate/prune_duty.h"
#include "replicate/upkeep.h"

namespace streamd::replicate {

class PruneJob final : public UpkeepJob {
 public:
  // Borrows contents and cache.
  PruneJob(const retention::Rules& rules, Contents& contents, MergeCache& cache)
      : duty_(rules), contents_(contents), cache_(cache) {}
  const char* name() const override { return "prune"; }
  std::optional<milliseconds> due_in(const UpkeepView& view) override;
  Status run(const UpkeepContext& context) override;

 private:
  void forget(const catalog::Listed& object);

  PruneDuty duty_;
  Contents& contents_;
  MergeCache& cache_;
};

}  // namespace streamd::replicate
