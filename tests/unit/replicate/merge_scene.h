// A replica that is compacted, and what its history is checked against.
#pragma once
#include <algorithm>

#include "catalog/timeline.h"
#include "daemon_life.h"

namespace streamd::replicate {

using Operation = MemoryStore::Operation;
using Stores = std::vector<std::shared_ptr<MemoryStore>>;
using Moments = std::vector<std::pair<Txid, Bytes>>;

// Removes what is covered at once unless told otherwise.
inline std::function<void(DatabaseSettings&)> merging(
    milliseconds grace = milliseconds(0), const std::function<void(UpkeepSettings&)>& tune = {}) {
  return [grace, tune](DatabaseSettings& settings) {
    for (ReplicaSetup& replica : settings.replicas) {
      replica.sync_interval = milliseconds(1);
      replica.upkeep.prune->grace = grace;
      if (tune) tune(replica.upkeep);
    }
  };
}

inline constexpr milliseconds kDaily = std::chrono::hours(24);

// Merges and removes what can be now.
inline void settle(Daemon& daemon) {
  const Status done = daemon->look_after_now(in(kPatience), Cancel());
  BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? std::string() : done.error().message));
}

// A transaction of its own object; remembered every now and then.
inline void write_and_sync(Daemon& daemon, LiveDatabase& database, int i, Moments* moments) {
  database.run("UPDATE t SET b = randomblob(300) WHERE id = " + std::to_string(1 + i % 40));
  const Txid txid = daemon.sync();
  if (moments != nullptr) moments->emplace_back(txid, database.image());
}

inline void check_moments(MemoryStore& store, LiveDatabase& database, const Moments& moments,
                          std::size_t step = 1) {
  for (std::size_t i = 0; i < moments.size(); i += step)
    BOOST_REQUIRE_MESSAGE((restored(store, database, moments[i].first) == moments[i].second),
                          "transaction " << moments[i].first.value);
  BOOST_REQUIRE((restored(store, database) == database.image()));
}

inline catalog::GenerationTimeline generation_in(const MemoryStore& store) {
  std::vector<catalog::Listed> listing;
  for (const std::string& key : store.keys())
    listing.push_back({key, store.content(key).size(), 0});
  return catalog::read_timeline(listing).generations.back();
}

// Segments above level 0.
inline int merged_segments(const MemoryStore& store) {
  int count = 0;
  for (const auto& [level, list] : generation_in(store).segments)
    if (level > 0) count += static_cast<int>(list.size());
  return count;
}

}  // namespace streamd::replicate
