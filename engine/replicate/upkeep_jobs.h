// The jobs that every replica has.
#pragma once
#include "replicate/changed_range.h"
#include "replicate/contents.h"
#include "replicate/merge_cache.h"
#include "replicate/merge_job.h"
#include "replicate/upkeep.h"
#include "retention/rules.h"

namespace streamd::replicate {

struct UpkeepSettings {
  MergeSettings merge;
  // What may be removed, and after which grace; nullopt = nothing is removed by us.
  std::optional<retention::Rules> prune = retention::Rules{};
  // Bytes of objects since a snapshot from which on a `last` object is tried; 0 = never.
  std::uint64_t last_bytes = 48 * kMiB;
};

// In the order in which they run when several are due. Borrows the others.
UpkeepJobs upkeep_jobs(const UpkeepSettings& settings, Contents& contents, MergeCache& cache,
                       const ChangedRange& range);

}  // namespace streamd::replicate
