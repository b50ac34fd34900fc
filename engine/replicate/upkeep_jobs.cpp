#include "replicate/upkeep_jobs.h"

#include "replicate/covered_job.h"
#include "replicate/last_job.h"
#include "replicate/prune_job.h"

namespace streamd::replicate {

UpkeepJobs upkeep_jobs(const UpkeepSettings& settings, Contents& contents, MergeCache& cache,
                       const ChangedRange& range) {
  UpkeepJobs jobs;
  jobs.push_back(std::make_unique<MergeJob>(settings.merge, contents, cache));
  if (settings.prune) {
    jobs.push_back(std::make_unique<CoveredJob>(settings.prune->grace, contents, cache));
    jobs.push_back(std::make_unique<PruneJob>(*settings.prune, contents, cache));
  }
  if (settings.last_bytes != 0)
    jobs.push_back(std::make_unique<LastJob>(settings.last_bytes, range, contents));
  return jobs;
}

}  // namespace streamd::replicate
