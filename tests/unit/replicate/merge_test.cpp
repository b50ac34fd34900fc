#include <atomic>
#include <thread>

#include "merge_scene.h"

using namespace streamd;
using namespace streamd::replicate;

BOOST_AUTO_TEST_SUITE(merging_of_segments)

BOOST_AUTO_TEST_CASE(many_syncs_become_few_objects_and_every_moment_stays) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  Daemon daemon(database, {store}, kDaily, 0, merging());
  database.insert(40, 300);
  daemon.sync();
  const int gets = store->calls(Operation::kGet);
  Moments moments;
  for (int i = 0; i < 240; ++i) {
    write_and_sync(daemon, database, i, &moments);
    if (i % 80 == 79) check_moments(*store, database, moments, 23);
  }
  settle(daemon);
  const auto status = daemon->status().replicas[0];
  BOOST_TEST(!status.upkeep_error.has_value());
  BOOST_TEST(status.upkeep.merges > 35u);
  BOOST_TEST(status.upkeep.objects_removed > 180u);
  BOOST_TEST(segments(*store) <= 4 * 5 + 6);
  // Each result was looked at where it ends, and nothing else was read but by the restores.
  BOOST_TEST(gets > 0);
  check_moments(*store, database, moments, 7);
  BOOST_TEST(daemon.stop().has_value());
  check_moments(*store, database, moments, 11);
}

BOOST_AUTO_TEST_CASE(nothing_is_read_from_the_replica_but_the_proof) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  Daemon daemon(database, {store}, kDaily, 0, merging());
  database.insert(40, 300);
  daemon.sync();
  const int before = store->calls(Operation::kGet);
  for (int i = 0; i < 80; ++i) write_and_sync(daemon, database, i, nullptr);
  settle(daemon);
  const auto merges = daemon->status().replicas[0].upkeep.merges;
  BOOST_TEST(merges >= 10u);
  BOOST_TEST(store->calls(Operation::kGet) - before == static_cast<int>(merges));
  BOOST_TEST(daemon.stop().has_value());
}

BOOST_AUTO_TEST_CASE(without_prune_nothing_is_removed) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  Daemon daemon(database, {store}, kDaily, 0,
                merging(milliseconds(0), [](UpkeepSettings& upkeep) { upkeep.prune.reset(); }));
  database.insert(40, 300);
  daemon.sync();
  Moments moments;
  for (int i = 0; i < 40; ++i) write_and_sync(daemon, database, i, &moments);
  settle(daemon);
  BOOST_TEST(merged_segments(*store) >= 6);
  BOOST_TEST(store->calls(Operation::kRemove) == 0);
  check_moments(*store, database, moments, 5);
  BOOST_TEST(daemon.stop().has_value());
}

BOOST_AUTO_TEST_CASE(what_is_covered_stays_for_the_grace_and_then_goes_by_itself) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  Daemon daemon(database, {store}, kDaily, 0, merging(milliseconds(1500)));
  database.insert(40, 300);
  daemon.sync();
  const MonoTime began = std::chrono::steady_clock::now();
  for (int i = 0; i < 12; ++i) write_and_sync(daemon, database, i, nullptr);
  settle(daemon);
  const bool quick = std::chrono::steady_clock::now() < began + milliseconds(1400);
  if (quick) BOOST_TEST(store->calls(Operation::kRemove) == 0);
  BOOST_TEST(merged_segments(*store) >= 1);
  const auto until = in(kPatience);
  while (store->calls(Operation::kRemove) == 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(milliseconds(10));
  BOOST_TEST(store->calls(Operation::kRemove) >= 1);
  BOOST_TEST((restored(*store, database) == database.image()));
  BOOST_TEST(daemon.stop().has_value());
}

BOOST_AUTO_TEST_CASE(an_idle_database_asks_nothing) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  std::atomic<int> operations{0};
  store->before = [&](Operation, const std::string&) -> Status {
    ++operations;
    return {};
  };
  Daemon daemon(database, {store}, kDaily, 0, merging());
  database.insert(40, 300);
  daemon.sync();
  for (int i = 0; i < 14; ++i) write_and_sync(daemon, database, i, nullptr);
  settle(daemon);
  const int before = operations;
  std::this_thread::sleep_for(milliseconds(400));
  BOOST_TEST(operations == before);
  BOOST_TEST(daemon.stop().has_value());
}

// By itself it is planned after each six objects; who asks does not have to wait for that.
BOOST_AUTO_TEST_CASE(who_asks_gets_all_that_can_be_merged) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  Daemon daemon(database, {store}, kDaily, 0, merging());
  database.insert(40, 300);
  daemon.sync();
  Moments moments;
  for (int i = 0; i < 2; ++i) write_and_sync(daemon, database, i, &moments);
  settle(daemon);
  for (int i = 0; i < 5; ++i) write_and_sync(daemon, database, i, &moments);
  settle(daemon);
  BOOST_TEST(merged_segments(*store) == 1);
  check_moments(*store, database, moments);
}

BOOST_AUTO_TEST_CASE(two_replicas_are_merged_each_for_itself) {
  LiveDatabase database;
  const Stores stores{std::make_shared<MemoryStore>(), std::make_shared<MemoryStore>()};
  std::atomic<bool> down{false};
  stores[1]->before = [&](Operation, const std::string&) -> Status {
    if (down) return make_error(Code::kTransient, "planted outage");
    return {};
  };
  Daemon daemon(database, stores, kDaily, 0, merging());
  database.insert(40, 300);
  daemon.sync();
  down = true;
  Moments moments;
  for (int i = 0; i < 40; ++i) {
    database.insert(1, 200);
    moments.emplace_back(daemon.sync("r0"), database.image());
  }
  down = false;
  for (int i = 0; i < 40; ++i) write_and_sync(daemon, database, i, &moments);
  settle(daemon);
  for (std::size_t i = 0; i < stores.size(); ++i) {
    const auto& store = stores[i];
    BOOST_TEST(daemon->status().replicas[i].upkeep.merges >= 6u);
    BOOST_TEST(merged_segments(*store) >= 1);
    check_moments(*store, database, moments, 9);
  }
  BOOST_TEST(daemon.stop().has_value());
}

BOOST_AUTO_TEST_CASE(snapshots_are_borders) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  Daemon daemon(database, {store}, milliseconds(150), 0, merging());
  database.insert(40, 300);
  daemon.sync();
  Moments moments;
  for (int i = 0; i < 200 || generation_in(*store).snapshots.size() < 3; ++i)
    write_and_sync(daemon, database, i, &moments);
  settle(daemon);
  const auto generation = generation_in(*store);
  for (const auto& snapshot : generation.snapshots)
    for (const auto& [level, list] : generation.segments)
      for (const auto& segment : list) {
        const bool across =
            segment.key.first <= snapshot.key.txid && segment.key.last > snapshot.key.txid;
        BOOST_TEST(!across);
      }
  check_moments(*store, database, moments, 9);
  // From each snapshot the chain goes on.
  const auto last = generation.snapshots.back().key;
  for (const auto& snapshot : generation.snapshots)
    if (!(snapshot.key == last)) store->erase(catalog::to_text(snapshot.key));
  for (const auto& [txid, image] : moments)
    if (txid >= last.txid) BOOST_TEST((restored(*store, database, txid) == image));
  BOOST_TEST(daemon.stop().has_value());
}

BOOST_AUTO_TEST_CASE(a_delta_is_a_border_and_its_hole_stays_one) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  Moments moments;
  {
    Daemon daemon(database, {store}, kDaily, 0, merging());
    database.insert(40, 300);
    daemon.sync();
    for (int i = 0; i < 9; ++i) write_and_sync(daemon, database, i, &moments);
    BOOST_TEST(daemon.stop().has_value());
  }
  for (int i = 0; i < 3; ++i) {
    database.insert(3, 300);
    database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  Daemon daemon(database, {store}, kDaily, 0, merging());
  moments.emplace_back(daemon.sync(), database.image());
  for (int i = 0; i < 20; ++i) write_and_sync(daemon, database, i, &moments);
  settle(daemon);
  const auto generation = generation_in(*store);
  std::size_t deltas = 0;
  for (const auto& [level, list] : generation.segments)
    for (const auto& segment : list)
      deltas += segment.key.completeness == catalog::Completeness::kDelta ? 1 : 0;
  BOOST_TEST(deltas == 1u);
  BOOST_TEST(merged_segments(*store) >= 3);
  check_moments(*store, database, moments);
  BOOST_TEST(daemon.stop().has_value());
}

BOOST_AUTO_TEST_CASE(settled_objects_are_not_rewritten) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  Daemon daemon(database, {store}, kDaily, 0, merging(milliseconds(0), [](UpkeepSettings& upkeep) {
                  upkeep.merge.settled_bytes = 20'000;
                }));
  database.insert(40, 300);
  daemon.sync();
  std::string large;
  Moments moments;
  for (int i = 0; i < 30; ++i) {
    if (i == 10) {
      const auto before = store->keys();
      database.insert(100, 900);
      moments.emplace_back(daemon.sync(), database.image());
      for (const std::string& key : store->keys())
        if (std::find(before.begin(), before.end(), key) == before.end() &&
            key.find("/segments/0/") != std::string::npos)
          large = key;
    }
    write_and_sync(daemon, database, i, &moments);
  }
  settle(daemon);
  BOOST_REQUIRE(!large.empty());
  BOOST_TEST(store->has(large));
  BOOST_TEST(store->content(large).size() > 20'000u);
  check_moments(*store, database, moments, 3);
  BOOST_TEST(daemon.stop().has_value());
}

// Who asks right after a start means what is there, not that the replica is connected already.
BOOST_AUTO_TEST_CASE(a_replica_that_is_still_connecting_is_waited_for) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  Moments moments;
  for (int i = 0; i < 6; ++i) {
    Daemon daemon(database, {store}, kDaily, 0, merging(kDaily));
    settle(daemon);  // its first life: a generation begins
    write_and_sync(daemon, database, i, &moments);
    BOOST_TEST(daemon.stop().has_value());
  }
  check_moments(*store, database, moments);
}

BOOST_AUTO_TEST_SUITE_END()
