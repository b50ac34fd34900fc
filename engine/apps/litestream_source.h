// Litestream's replicas, as a command names or finds them.
#pragma once
#include <string>
#include <vector>

#include "apps/replica_source.h"
#include "litestream/inventory.h"

namespace streamd::apps {

struct LitestreamReplica {
  NamedReplica replica;
  litestream::Inventory inventory;  // not empty
};

// Those of `replicas` that hold Litestream's objects: one listing each. What cannot be listed is
// not among them: whoever asks has an error of it already.
std::vector<LitestreamReplica> litestream_among(const std::vector<NamedReplica>& replicas);

// "replica file holds a replica of Litestream 0.3, not one of streamd's", on stderr.
void say_found(const std::vector<LitestreamReplica>& found);

}  // namespace streamd::apps
