// A replica that can be away, and what an outage is checked against.
#pragma once
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <condition_variable>
#include <thread>

#include "catalog/timeline.h"
#include "daemon_life.h"

namespace streamd::replicate {

using Operation = MemoryStore::Operation;
inline constexpr std::uint64_t kSpoolMax = 2 * kMiB;
inline constexpr milliseconds kDaily = std::chrono::hours(24);

inline bool is_segment(const std::string& key) {
  return key.find("/segments/") != std::string::npos;
}

// A store that can be away, and that can hold one upload back in the middle.
class AwayStore : public MemoryStore {
 public:
  AwayStore() {
    before = [this](Operation operation, const std::string& key) { return answer(operation, key); };
  }
  std::atomic<bool> down{false};         // everything fails
  std::atomic<bool> no_segments{false};  // only segments cannot be put
  std::atomic<int> looks{0};             // how often it was asked whether it is back
  // Calls under way: they wait for release() and then succeed, also when it is down by then.
  std::atomic<bool> hold_segments{false}, hold_parts{false}, hold_looks{false};
  std::atomic<bool> no_manifests{false};  // no snapshot can be finished

  void wait_until_held() {
    std::unique_lock lock(mutex_);
    BOOST_REQUIRE(changed_.wait_for(lock, kPatience, [this] { return held_; }));
  }
  void release() {
    const std::lock_guard lock(mutex_);
    hold_segments = hold_parts = hold_looks = held_ = false;
    changed_.notify_all();
  }
  int count(const std::string& ending) const {
    const auto all = keys();
    return static_cast<int>(std::count_if(
        all.begin(), all.end(), [&](const std::string& key) { return key.ends_with(ending); }));
  }
  catalog::Timeline timeline() const {
    std::vector<catalog::Listed> listing;
    for (const std::string& key : keys()) listing.push_back({key, content(key).size(), 0});
    return catalog::read_timeline(listing);
  }

 private:
  Status answer(Operation operation, const std::string& key) {
    const bool put = operation == Operation::kPut, look = operation == Operation::kStat;
    if (look) ++looks;
    const auto held = [&] {
      return (put && hold_segments && is_segment(key)) ||
             (put && hold_parts && key.ends_with(".part")) || (look && hold_looks);
    };
    if (held()) {
      std::unique_lock lock(mutex_);
      held_ = true;
      changed_.notify_all();
      changed_.wait(lock, [&] { return !held(); });
      return {};
    }
    if (down || (no_segments && put && is_segment(key)) ||
        (no_manifests && put && key.ends_with(".snap")))
      return make_error(Code::kTransient, "planted outage");
    return {};
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
};

using Moments = std::vector<std::pair<Txid, Bytes>>;
using Stores = std::vector<std::shared_ptr<MemoryStore>>;

// Seals what is committed, here; nothing is said about the replicas.
inline void note(Daemon& daemon, LiveDatabase& database, Moments& moments) {
  moments.emplace_back(require(daemon->sync(in(kPatience), Cancel())), database.image());
}

inline std::string changing_a_tenth(int i) {
  return "UPDATE t SET b = randomblob(1200) WHERE id % 10 = " + std::to_string(i % 10);
}

inline void change_a_tenth(LiveDatabase& database, int i) {
  database.run(changing_a_tenth(i));
}

template <class Condition>
bool comes(const Condition& condition) {
  const auto until = in(kPatience);
  while (!condition() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(milliseconds(5));
  return condition();
}

// Writes until the spool has dropped `txid` for replica r1 (or `replica`).
inline void write_until_dropped(Daemon& daemon, LiveDatabase& database, Moments& moments, Txid txid,
                                std::size_t replica = 1) {
  const auto until = in(kPatience);
  for (int i = 0; daemon->status().replicas[replica].dropped < txid &&
                  std::chrono::steady_clock::now() < until;
       ++i) {
    change_a_tenth(database, i);
    note(daemon, database, moments);
  }
  BOOST_REQUIRE((daemon->status().replicas[replica].dropped >= txid));
}

// A send that began before the drop holds its objects open and may still take them there. It is
// over when the replica, which is down, is asked whether it is back.
inline void be_over_with_sends(Daemon& daemon, AwayStore& away) {
  const int looks = away.looks;
  BOOST_REQUIRE(comes([&] {
    require(daemon->sync(in(kPatience), Cancel()));  // an attempt at once
    return away.looks > looks;
  }));
}

// Every moment that the listing offers is restored exactly; the others are refused. How
// many there are of the first kind.
inline std::size_t check_every_moment(AwayStore& store, LiveDatabase& database,
                                      const Moments& moments) {
  const catalog::Timeline timeline = store.timeline();
  std::size_t restorable = 0;
  for (const auto& [txid, image] : moments) {
    if (timeline.generations.back().restorable(txid)) {
      ++restorable;
      BOOST_TEST((restored(store, database, txid) == image), to_text(txid));
      continue;
    }
    restore::RestoreOptions options;
    options.out = database.folder_file("hole.db");
    options.target.moment = restore::ByTxid{txid};
    const restore::Replica replica{&store, "r"};
    const auto refused = restore::restore({&replica, 1}, options);
    BOOST_REQUIRE_MESSAGE(!refused.has_value(), to_text(txid));
    BOOST_TEST((refused.error().code == Code::kOutsideWindow), refused.error().message);
  }
  return restorable;
}

// One bit at `at`; near its end nothing of an object can be read, in its middle one block.
inline void damage(const std::string& path, std::optional<std::size_t> at = {}) {
  Bytes raw = require(read_file(path));
  raw[at.value_or(raw.size() - 20)] ^= 1;
  BOOST_REQUIRE(replace_file(path, raw));
}

inline std::string spool_folder(LiveDatabase& database) {
  return database.folder_file(".app.db-streamd/spool");
}

inline std::vector<std::string> spooled(LiveDatabase& database) {
  std::vector<std::string> names = require(list_folder(spool_folder(database)));
  std::erase_if(names, [](const std::string& name) {
    return name.starts_with(".") || name.starts_with("damaged-");
  });
  std::sort(names.begin(), names.end());
  for (std::string& name : names) name = join_path(spool_folder(database), name);
  return names;
}

}  // namespace streamd::replicate
