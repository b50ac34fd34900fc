// When a replica is to be pruned, and the pruning: when something can have become old, and no more
// often than it takes.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "retention/outlook.h"
#include "retention/prune.h"

namespace streamd::replicate {

// What a replica has come to.
struct PruneView {
  GenerationId generation;
  Txid acknowledged, snapshot;
  MonoTime now{};
  Micros oldest = 0;  // Contents::oldest; due_in does without it
};

// What a run works with. Borrowed for it.
struct PrunePlace {
  const std::string& replica;       // its name
  const std::string& database;      // path
  const std::string& state_folder;  // of the replica; it exists
  storage::Store& store;            // fenced
  const storage::Call& call;
  const Clock& clock;
};

// Of one thread.
class PruneDuty {
 public:
  explicit PruneDuty(const retention::Rules& rules) : rules_(rules) {}

  // Once an hour while objects are sent or some wait for their grace, and after each snapshot, when
  // its grace is over; else once a day. At first: now, to see what an earlier life has left. 0 or
  // less: now.
  milliseconds due_in(const PruneView& view);
  // Lists the replica only when something in it can have become old, which nothing can in a young
  // replica, and little in one that rests; at first not before an hour has passed. The file
  // `pruned` in the replica's state remembers that and the last time, for short lives.
  Status run(const PruneView& view, const PrunePlace& place);
  // By the last run, also by one that failed.
  const std::vector<catalog::Listed>& removed() const { return removed_; }

 private:
  // The last look, whether it took a listing or not.
  struct Last {
    MonoTime at{};
    GenerationId generation;
    Txid acknowledged, snapshot;
    bool waiting = false;    // something is superfluous, but for less than the grace
    Micros rests_until = 0;  // nothing is to go before that, if nothing is sent
  };
  milliseconds often() const;
  bool moved(const PruneView& view) const;  // since the last look
  bool worth_listing(const PruneView& view, Micros wall) const;
  Last seen(const PruneView& view) const;
  Status note(Last look, const PrunePlace& place);
  Micros rests_until(const retention::PruneReport& report, Micros wall) const;
  std::optional<Last> recall(const PruneView& view, const PrunePlace& place) const;
  void tell(const PrunePlace& place, const retention::PruneReport& report);

  const retention::Rules rules_;
  std::optional<Last> last_;
  Micros oldest_ = retention::kNever;     // nothing that lies there is older
  std::optional<MonoTime> new_snapshot_;  // when one was first seen that is not in `last_`
  bool recalled_ = false;
  retention::PartNames parts_;  // of manifests that were read
  std::vector<catalog::Listed> removed_;
  std::string troubles_;  // what was refused or damaged last, as it was logged
};

}  // namespace streamd::replicate
