// Merging, with everything that can go wrong between two of its steps.
#include <atomic>
#include <random>

#include "merge_scene.h"

using namespace streamd;
using namespace streamd::replicate;

namespace {

// What merging asks for: it can fail before or after its effect, once or from then on.
class FlakyStore : public MemoryStore {
 public:
  enum class Fails : std::uint8_t { kNever, kBefore, kAfter };
  std::function<Fails(int operation)> plan;  // by the number of the operation, from 1
  std::atomic<int> operations{0};

  Result<ObjectStat> put(const std::string& key, const ByteSource& source,
                         const storage::PutOptions& options, const Call& call) override {
    const bool sent = key.find("/segments/0/") != std::string::npos;
    if (sent) return MemoryStore::put(key, source, options, call);
    return guarded(key, [&] { return MemoryStore::put(key, source, options, call); });
  }
  Result<ObjectStat> get(const std::string& key, std::uint64_t offset, std::uint64_t length,
                         const storage::Sink& sink, const Call& call) override {
    return guarded(key, [&] { return MemoryStore::get(key, offset, length, sink, call); });
  }
  Result<ObjectStat> stat(const std::string& key, const Call& call) override {
    return guarded(key, [&] { return MemoryStore::stat(key, call); });
  }
  Status remove(std::span<const std::string> keys, const Call& call) override {
    return guarded(keys.front(), [&] { return MemoryStore::remove(keys, call); });
  }

 private:
  template <class Run>
  auto guarded(const std::string& key, Run run) -> decltype(run()) {
    if (key.find("/segments/") == std::string::npos) return run();
    const Fails fails = plan ? plan(++operations) : Fails::kNever;
    if (fails == Fails::kBefore) return make_error(Code::kTransient, "planted failure");
    auto done = run();
    if (fails == Fails::kAfter) return make_error(Code::kTransient, "planted failure");
    return done;
  }
};

// Until it works, or a number of times.
bool settles(Daemon& daemon, int tries) {
  for (int i = 0; i < tries; ++i)
    if (daemon->look_after_now(in(kPatience), Cancel())) return true;
  return false;
}

void begin(Daemon& daemon, LiveDatabase& database) {
  database.insert(40, 300);
  daemon.sync();
}

std::vector<std::string> cache_files(LiveDatabase& database) {
  const std::string folder =
      database.folder_file("." + name_of(database.path()) + "-streamd/replicas/r0/cache");
  std::vector<std::string> files;
  if (const auto names = list_folder(folder))
    for (const std::string& name : *names) files.push_back(join_path(folder, name));
  return files;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(merging_that_fails)

BOOST_AUTO_TEST_CASE(one_operation_in_four_fails) {
  for (const auto how : {FlakyStore::Fails::kBefore, FlakyStore::Fails::kAfter}) {
    LiveDatabase database;
    const auto store = std::make_shared<FlakyStore>();
    std::minstd_rand random(7);
    store->plan = [&](int) { return random() % 4 == 0 ? how : FlakyStore::Fails::kNever; };
    Daemon daemon(database, {store}, kDaily, 0, merging());
    begin(daemon, database);
    Moments moments;
    for (int i = 0; i < 60; ++i) write_and_sync(daemon, database, i, &moments);
    BOOST_TEST(settles(daemon, 200));
    store->plan = {};
    BOOST_TEST(daemon->status().replicas[0].upkeep.merges >= 10u);
    BOOST_TEST(segments(*store) <= 20);
    check_moments(*store, database, moments, 7);
    BOOST_TEST(daemon.stop().has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_failure_shows_and_does_not_stop_sending) {
  LiveDatabase database;
  const auto store = std::make_shared<FlakyStore>();
  store->plan = [](int) { return FlakyStore::Fails::kBefore; };
  Daemon daemon(database, {store}, kDaily, 0, merging());
  begin(daemon, database);
  for (int i = 0; i < 20; ++i) write_and_sync(daemon, database, i, nullptr);
  BOOST_TEST(!settles(daemon, 1));
  auto status = daemon->status().replicas[0];
  BOOST_REQUIRE(status.upkeep_error.has_value());
  BOOST_TEST(status.upkeep_error->job == "merge");
  BOOST_TEST((status.state == ReplicaState::kReady));
  store->plan = {};
  BOOST_TEST((restored(*store, database) == database.image()));
  BOOST_TEST(settles(daemon, 1));
  BOOST_TEST(!daemon->status().replicas[0].upkeep_error.has_value());
  BOOST_TEST(daemon.stop().has_value());
}

// The daemon ends in the middle: nothing works any more from the n-th operation on.
BOOST_AUTO_TEST_CASE(the_end_at_every_step_loses_nothing) {
  for (int step = 1; step <= 12; ++step) {
    LiveDatabase database;
    const auto store = std::make_shared<FlakyStore>();
    std::atomic<bool> over{false};
    store->plan = [&](int operation) {
      if (operation < step || over) return FlakyStore::Fails::kNever;
      return step % 2 == 0 && operation == step ? FlakyStore::Fails::kAfter
                                                : FlakyStore::Fails::kBefore;
    };
    Moments moments;
    {
      Daemon daemon(database, {store}, kDaily, 0, merging());
      begin(daemon, database);
      for (int i = 0; i < 14; ++i) write_and_sync(daemon, database, i, &moments);
      (void)settles(daemon, 2);
      BOOST_TEST(daemon.stop().has_value());
    }
    over = true;
    check_moments(*store, database, moments, 3);
    Daemon daemon(database, {store}, kDaily, 0, merging());
    for (int i = 0; i < 8; ++i) write_and_sync(daemon, database, i, &moments);
    settle(daemon);
    BOOST_TEST(segments(*store) <= 9);
    check_moments(*store, database, moments, 3);
    BOOST_TEST(daemon.stop().has_value());
  }
}

BOOST_AUTO_TEST_CASE(after_a_restart_the_cache_is_used_and_without_it_the_replica_is_read) {
  for (const char* fate : {"kept", "lost", "damaged", "swapped"}) {
    LiveDatabase database;
    const auto store = std::make_shared<MemoryStore>();
    Moments moments;
    {
      Daemon daemon(database, {store}, kDaily, 0, merging());
      begin(daemon, database);
      for (int i = 0; i < 5; ++i) write_and_sync(daemon, database, i, &moments);
      settle(daemon);
      BOOST_TEST(daemon.stop().has_value());
    }
    const auto files = cache_files(database);
    BOOST_REQUIRE(files.size() >= 4u);
    const std::string what = fate;
    if (what == "lost")
      for (const std::string& file : files) BOOST_REQUIRE(remove_file(file));
    if (what == "damaged") {
      File file = require(File::open_write(files[1]));
      BOOST_REQUIRE(file.write_at(300, Bytes(3, 0x55)));
      BOOST_REQUIRE(File::create(files[2]));
    }
    if (what == "swapped") BOOST_REQUIRE(rename_file(files[1], files[0]));
    Daemon daemon(database, {store}, kDaily, 0, merging());
    daemon.sync();  // it is connected; the first write may be merged at once
    const int before = store->calls(Operation::kGet);
    write_and_sync(daemon, database, 6, &moments);
    for (int i = 0; i < 7; ++i) write_and_sync(daemon, database, i, &moments);
    settle(daemon);
    BOOST_TEST(merged_segments(*store) >= 1);
    const int read = store->calls(Operation::kGet) - before;
    BOOST_TEST_CONTEXT(what) {
      if (what == "kept") BOOST_TEST(read <= 3);
      if (what == "lost") BOOST_TEST(read >= static_cast<int>(files.size()) + 1);
      if (what == "damaged" || what == "swapped") BOOST_TEST(read >= 2 + 1);
      check_moments(*store, database, moments);
    }
    BOOST_TEST(daemon.stop().has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_cache_of_no_size_works_too) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  Daemon daemon(database, {store}, kDaily, 0, merging(milliseconds(0), [](UpkeepSettings& upkeep) {
                  upkeep.merge.cache_bytes = 0;
                }));
  begin(daemon, database);
  Moments moments;
  for (int i = 0; i < 20; ++i) write_and_sync(daemon, database, i, &moments);
  settle(daemon);
  BOOST_TEST(cache_files(database).empty());
  BOOST_TEST(merged_segments(*store) >= 2);
  check_moments(*store, database, moments, 3);
  BOOST_TEST(daemon.stop().has_value());
}

// An object that cannot be read in the replica, and no copy here: it is named, the others go on.
BOOST_AUTO_TEST_CASE(a_damaged_object_is_left_alone_and_named) {
  for (const bool gone : {false, true}) {
    LiveDatabase database;
    const auto store = std::make_shared<MemoryStore>();
    std::string victim;
    Daemon daemon(
        database, {store}, kDaily, 0,
        merging(milliseconds(0), [](UpkeepSettings& upkeep) { upkeep.merge.cache_bytes = 0; }));
    begin(daemon, database);
    for (int i = 0; i < 3; ++i) write_and_sync(daemon, database, i, nullptr);
    for (const std::string& key : store->keys())
      if (key.find("/segments/0/") != std::string::npos) victim = key;
    Bytes bytes = store->content(victim);
    bytes[bytes.size() / 2] ^= 1;
    if (gone)
      store->erase(victim);
    else
      store->set(victim, bytes);
    for (int i = 0; i < 30; ++i) write_and_sync(daemon, database, i, nullptr);
    BOOST_TEST(!settles(daemon, 1));
    const auto status = daemon->status().replicas[0];
    BOOST_REQUIRE(status.upkeep_error.has_value());
    BOOST_TEST(status.upkeep_error->error.message.find(victim) != std::string::npos);
    BOOST_TEST((status.state == ReplicaState::kReady));
    BOOST_TEST(status.upkeep.merges >= 3u);
    if (!gone) BOOST_TEST(store->has(victim));
    BOOST_TEST(daemon.stop().has_value());
  }
}

// What an earlier life has merged, and perhaps did not live to prove, covers nothing until it was.
BOOST_AUTO_TEST_CASE(a_damaged_merged_object_of_an_earlier_life_costs_nothing) {
  for (const char* damage : {"none", "empty", "cut", "changed", "another"}) {
    LiveDatabase database;
    const auto store = std::make_shared<MemoryStore>();
    Moments moments;
    {
      Daemon daemon(database, {store}, kDaily, 0, merging(std::chrono::hours(1)));
      begin(daemon, database);
      for (int i = 0; i < 13; ++i) write_and_sync(daemon, database, i, &moments);
      settle(daemon);
      BOOST_TEST(daemon.stop().has_value());
    }
    std::vector<std::string> merged;
    for (const std::string& key : store->keys())
      if (key.find("/segments/1/") != std::string::npos) merged.push_back(key);
    BOOST_REQUIRE(merged.size() == 2u);
    const Bytes good = store->content(merged[0]);
    const std::string what = damage;
    Bytes bad = good;
    if (what == "empty") bad.clear();
    if (what == "cut") bad.resize(bad.size() / 2);
    if (what == "changed") bad.back() ^= 1;
    if (what == "another") bad = store->content(merged[1]);
    store->set(merged[0], bad);
    const int before = segments(*store);
    Daemon daemon(database, {store}, kDaily, 0, merging());
    write_and_sync(daemon, database, 13, &moments);
    settle(daemon);
    BOOST_TEST_CONTEXT(what) {
      check_moments(*store, database, moments);
      BOOST_TEST((!store->has(merged[0]) || store->content(merged[0]) == good));
      BOOST_TEST(segments(*store) <= before - 11);
    }
    BOOST_TEST(daemon.stop().has_value());
  }
}

BOOST_AUTO_TEST_SUITE_END()
