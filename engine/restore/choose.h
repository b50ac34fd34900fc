// Which replica has the wanted moment.
#pragma once
#include <optional>
#include <span>

#include "restore/plan.h"
#include "restore/replica.h"

namespace streamd::restore {

struct Choice {
  Replica replica;
  Inventory inventory;
  Plan plan;
  std::vector<Choice> equal{};       // other replicas that lead to the same moment
  std::optional<Error> overruled{};  // what is the answer unless `any_replica`
};

// Asks every replica and takes the one that leads to the highest (epoch, txid). Errors, of which
// that of the first replica counts where several are alike:
// - the store's, when one could not be asked, unless `any_replica`, or a txid was wanted and found;
// - kCorrupt, or kOutsideWindow for a time, of one that shows more than the best one leads to,
//   unless `any_replica`, or the best is exactly what was wanted;
// - else what the replicas say: see resolve(). kNoBackup only when all say so.
Result<Choice> choose_replica(std::span<const Replica> replicas, const Target& target,
                              bool any_replica, const storage::Call& call);

}  // namespace streamd::restore
