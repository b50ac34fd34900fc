// Removes what a merged object has made superfluous, once nobody can be in the middle of fetching
// it any more.
#pragma once
#include <map>
#include <set>

#include "replicate/contents.h"
#include "replicate/merge_cache.h"
#include "replicate/upkeep.h"

namespace streamd::replicate {

class CoveredJob final : public UpkeepJob {
 public:
  // `grace`: how long an object stays after another one covers it, so that a restore that has
  // listed it still finds it. Borrows contents and cache.
  CoveredJob(milliseconds grace, Contents& contents, MergeCache& cache)
      : grace_(grace), contents_(contents), cache_(cache) {}
  const char* name() const override { return "remove merged"; }
  std::optional<milliseconds> due_in(const UpkeepView& view) override;
  Status run(const UpkeepContext& context) override;

 private:
  void look(MonoTime now);
  Result<bool> is_whole(const catalog::Segment& by, const UpkeepContext& context);

  const milliseconds grace_;
  Contents& contents_;
  MergeCache& cache_;
  std::uint64_t merged_ = 0;  // Contents::merged as of the last look
  struct Waiting {
    catalog::Segment segment;
    MonoTime covered{};  // since when
    catalog::Segment by;
    bool earlier = false;  // the one that covers it is of an earlier life
  };
  MonoTime listed_{};                       // when what was listed first was looked at
  std::map<std::string, Waiting> waiting_;  // by name
  std::set<std::string> whole_;             // of an earlier life, and proven in this one: by name
};

}  // namespace streamd::replicate
