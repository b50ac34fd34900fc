// Which replica has the wanted moment.
#pragma once
#include <span>

#include "restore/plan.h"
#include "restore/replica.h"

namespace streamd::restore {

struct Choice {
  Replica replica;
  Inventory inventory;
  Plan plan;
  std::vector<Choice> equal{};  // other replicas that lead to the same moment
};

// Asks every replica and takes the one that leads to the highest (epoch, txid). Errors, of which
// that of the first replica counts where several are alike:
// - the store's, when one could not be asked, unless `any_replica`, or a txid was wanted and found;
// - else what the replicas say: see resolve(). kNoBackup only when all say so.
Result<Choice> choose_replica(std::span<const Replica> replicas, const Target& target,
                              bool any_replica, const storage::Call& call);

}  // namespace streamd::restore
