#include "apps/litestream_source.h"

#include <fmt/core.h>

namespace streamd::apps {

std::vector<LitestreamReplica> litestream_among(const std::vector<NamedReplica>& replicas) {
  std::vector<LitestreamReplica> found;
  for (const NamedReplica& replica : replicas) {
    auto inventory = litestream::take_inventory(*replica.store, storage::Call{});
    if (inventory && !inventory->empty()) found.push_back({replica, std::move(*inventory)});
  }
  return found;
}

void say_found(const std::vector<LitestreamReplica>& found) {
  for (const LitestreamReplica& each : found)
    fmt::print(stderr, "replica {} holds a replica of {}, not one of streamd's\n",
               each.replica.settings.name, litestream::versions_of(each.inventory));
}

}  // namespace streamd::apps
