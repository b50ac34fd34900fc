// For databases that write the same pages again and again: an object of kind `last`, which holds
// only how the pages that changed since the newest snapshot look now. A restore of a later moment
// takes it instead of all that it stands for, which stays.
#pragma once
#include "replicate/changed_range.h"
#include "replicate/contents.h"
#include "replicate/upkeep.h"

namespace streamd::replicate {

class LastJob final : public UpkeepJob {
 public:
  static constexpr std::uint8_t kLevel = 5;

  // `worth`: bytes of objects since the snapshot, or since the newest `last`, from which on it is
  // tried. Borrows range and contents.
  LastJob(std::uint64_t worth, const ChangedRange& range, Contents& contents)
      : worth_(worth), try_at_(worth), range_(range), contents_(contents) {}
  const char* name() const override { return "last"; }
  std::optional<milliseconds> due_in(const UpkeepView& view) override;
  Status run(const UpkeepContext& context) override;

 private:
  Status put(std::vector<segment::SealedObject>& pieces, const UpkeepContext& context);

  std::uint64_t worth_;   // doubled whenever it was tried in vain
  std::uint64_t try_at_;  // bytes of the range
  const ChangedRange& range_;
  Contents& contents_;
};

}  // namespace streamd::replicate
