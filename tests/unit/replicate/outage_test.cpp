// A replica that is away, for longer than the spool can wait for it or not: what it costs, and that
// what comes out of the replica afterwards is right at every moment.
#include "outage_scene.h"

using namespace streamd;
using namespace streamd::replicate;

BOOST_AUTO_TEST_SUITE(outage)

BOOST_AUTO_TEST_CASE(an_outage_longer_than_the_spool_costs_a_bitmap_and_one_delta) {
  for (const bool restart : {false, true}) {
    LiveDatabase database;
    const auto good = std::make_shared<MemoryStore>();
    const auto away = std::make_shared<AwayStore>();
    database.insert(3000, 1200);
    auto daemon = std::make_unique<Daemon>(database, Stores{good, away}, kDaily, kSpoolMax);
    const Txid before = daemon->sync();
    const Bytes image_before = database.image();
    away->down = true;
    std::vector<std::pair<Txid, Bytes>> moments;
    const auto until = in(kPatience);
    for (int i = 0; std::chrono::steady_clock::now() < until; ++i) {
      database.run("UPDATE t SET b = randomblob(1200) WHERE id % 10 = " + std::to_string(i % 5));
      if (i == 3) database.run("DELETE FROM t WHERE id > 2500; VACUUM");
      moments.emplace_back(daemon->sync("r0"), database.image());
      if (i > 12 && (*daemon)->status().replicas[1].dropped > moments[0].first) break;
    }
    BOOST_TEST(((*daemon)->status().replicas[1].dropped > before));
    BOOST_TEST((*daemon)->status().spool_bytes > kSpoolMax / 2);  // no more goes than has to
    be_over_with_sends(*daemon, *away);
    if (restart) {
      (void)(*daemon)->stop(in(milliseconds(0)));
      daemon.reset();
      daemon = std::make_unique<Daemon>(database, Stores{good, away}, kDaily, kSpoolMax);
      database.insert(10, 1200);
      moments.emplace_back(daemon->sync("r0"), database.image());
    }
    const int taken = away->count(".snap");
    away->down = false;
    daemon->sync();
    database.insert(5);
    moments.emplace_back(daemon->sync(), database.image());
    BOOST_TEST(away->count(".snap") == taken);  // a delta, not a new snapshot
    BOOST_TEST((restored(*away, database) == database.image()));
    BOOST_TEST((restored(*away, database, before) == image_before));
    for (const auto& [txid, image] : moments)
      BOOST_TEST((restored(*good, database, txid) == image), to_text(txid));
    restore::RestoreOptions options;
    options.out = database.folder_file("hole.db");
    options.target.moment = restore::ByTxid{moments[0].first};
    const restore::Replica replica{away.get(), "r"};
    const auto in_the_hole = restore::restore({&replica, 1}, options);
    BOOST_REQUIRE(!in_the_hole.has_value());
    BOOST_TEST(in_the_hole.error().message.find("hole") != std::string::npos);
    BOOST_TEST(comes([&] { return (*daemon)->status().replicas[1].dropped == Txid{}; }));
    BOOST_TEST(daemon->stop().has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_send_that_holds_its_objects_while_the_spool_drops_them_leaves_no_hole) {
  LiveDatabase database;
  const auto good = std::make_shared<MemoryStore>();
  const auto away = std::make_shared<AwayStore>();
  database.insert(3000, 1200);
  Daemon daemon(database, Stores{good, away}, kDaily, kSpoolMax);
  daemon.sync();
  Moments moments;
  away->hold_segments = true;
  change_a_tenth(database, 0);
  note(daemon, database, moments);
  away->wait_until_held();
  write_until_dropped(daemon, database, moments, moments[0].first);
  away->release();
  daemon.sync();
  BOOST_TEST((restored(*away, database) == database.image()));
  BOOST_TEST((restored(*away, database, moments[0].first) == moments[0].second));
  check_every_moment(*away, database, moments);
  BOOST_TEST(away->count(".snap") == 1);  // what is missing came as a delta
  BOOST_TEST(daemon.stop().has_value());
}

// The interval of snapshots runs out while a replica is behind. What waits in the spool is history.
BOOST_AUTO_TEST_CASE(a_snapshot_does_not_replace_what_waits_in_the_spool) {
  for (const bool restart : {false, true}) {
    LiveDatabase database;
    const auto away = std::make_shared<AwayStore>();
    Moments moments;
    auto daemon = std::make_unique<Daemon>(database, Stores{away}, milliseconds(300));
    database.insert(50);
    daemon->sync();
    database.insert(1);
    daemon->sync();  // since the first snapshot: without it no other is due
    away->no_segments = true;
    const int taken = away->count(".snap");
    for (int i = 0; i < 5; ++i) {
      database.insert(1);
      note(*daemon, database, moments);
    }
    BOOST_TEST(comes([&] {
      require((*daemon)->sync(in(kPatience), Cancel()));  // an attempt at once
      return away->count(".snap") > taken;
    }));
    for (int i = 0; i < 3; ++i) {
      database.insert(1);
      note(*daemon, database, moments);
    }
    if (restart) {
      (void)(*daemon)->stop(in(milliseconds(0)));
      daemon.reset();
      daemon = std::make_unique<Daemon>(database, Stores{away}, kDaily);
    }
    away->no_segments = false;
    daemon->sync();
    BOOST_TEST(check_every_moment(*away, database, moments) == moments.size());
    BOOST_TEST(away->timeline().generations.back().holes.empty());
    BOOST_TEST(daemon->stop().has_value());
  }
}

// An object is unreadable when the spool must drop it: which pages it touched is not known.
BOOST_AUTO_TEST_CASE(a_damaged_object_among_the_dropped_ones_is_bridged_by_a_snapshot) {
  LiveDatabase database;
  const auto good = std::make_shared<MemoryStore>();
  const auto away = std::make_shared<AwayStore>();
  database.insert(3000, 1200);
  Daemon daemon(database, Stores{good, away}, kDaily, kSpoolMax);
  daemon.sync();
  Moments moments;
  away->down = true;
  change_a_tenth(database, 0);
  note(daemon, database, moments);
  write_until_dropped(daemon, database, moments, moments[0].first);
  be_over_with_sends(daemon, *away);
  database.run("UPDATE t SET b = randomblob(1200) WHERE id = 7");  // only here
  note(daemon, database, moments);
  const auto names = spooled(database);
  BOOST_REQUIRE(!names.empty());
  damage(names.back());
  for (int i = 0; i < 3; ++i) {
    database.run("UPDATE t SET b = randomblob(1200) WHERE id > 2000 AND id % 10 = 3");
    note(daemon, database, moments);
  }
  const Txid behind = moments.back().first;
  const auto until = in(kPatience);
  while (daemon->status().replicas[1].dropped < behind &&
         std::chrono::steady_clock::now() < until) {
    database.run("UPDATE t SET b = randomblob(1200) WHERE id > 2000 AND id % 2 = 1");
    note(daemon, database, moments);
  }
  BOOST_REQUIRE((daemon->status().replicas[1].dropped >= behind));
  away->down = false;
  daemon.sync();
  BOOST_TEST((restored(*away, database) == database.image()));
  BOOST_TEST(away->count(".snap") == 2);
  check_every_moment(*away, database, moments);
  BOOST_TEST(!daemon->status().error.has_value());
  BOOST_TEST(daemon.stop().has_value());
}

// The damage is found before anything is dropped; what is dropped later lies behind the gap.
BOOST_AUTO_TEST_CASE(a_gap_in_the_spool_is_not_forgotten_when_more_is_dropped) {
  LiveDatabase database;
  const auto good = std::make_shared<MemoryStore>();
  const auto away = std::make_shared<AwayStore>();
  database.insert(3000, 1200);
  Daemon daemon(database, Stores{good, away}, kDaily, kSpoolMax);
  daemon.sync();
  Moments moments;
  away->down = true;
  database.run("UPDATE t SET b = randomblob(1200) WHERE id = 7");  // only here
  note(daemon, database, moments);
  const auto names = spooled(database);
  BOOST_REQUIRE(!names.empty());
  damage(names.back(), require(read_file(names.back())).size() / 2);
  BOOST_TEST(comes([&] {
    note(daemon, database, moments);  // an attempt to send it
    return spooled(database).empty();
  }));
  database.run("UPDATE t SET b = randomblob(1200) WHERE id > 2000 AND id % 10 = 3");
  note(daemon, database, moments);
  const auto until = in(kPatience);
  while (daemon->status().replicas[1].dropped < moments.back().first &&
         std::chrono::steady_clock::now() < until) {
    if (daemon->status().spool_bytes < 2 * kSpoolMax)
      database.run("UPDATE t SET b = randomblob(1200) WHERE id > 2000");
    require(daemon->sync(in(kPatience), Cancel()));
  }
  BOOST_REQUIRE((daemon->status().replicas[1].dropped >= moments.back().first));
  away->down = false;
  daemon.sync();
  BOOST_TEST((restored(*away, database) == database.image()));
  BOOST_TEST(away->count(".delta") == 0);
  check_every_moment(*away, database, moments);
  BOOST_TEST(daemon.stop().has_value());
}

// The gap lies behind what was dropped: no delta can be made over it.
BOOST_AUTO_TEST_CASE(a_damaged_object_behind_the_dropped_ones_is_bridged_by_a_snapshot) {
  for (const bool restart : {false, true}) {
    LiveDatabase database;
    const auto good = std::make_shared<MemoryStore>();
    const auto away = std::make_shared<AwayStore>();
    database.insert(3000, 1200);
    auto daemon = std::make_unique<Daemon>(database, Stores{good, away}, kDaily, kSpoolMax);
    daemon->sync();
    Moments moments;
    away->down = true;
    change_a_tenth(database, 0);
    note(*daemon, database, moments);
    write_until_dropped(*daemon, database, moments, moments[0].first);
    be_over_with_sends(*daemon, *away);
    for (int i = 0; i < 3; ++i) {
      database.run("UPDATE t SET b = randomblob(300) WHERE id = 8");
      note(*daemon, database, moments);
    }
    if (restart) {
      (void)(*daemon)->stop(in(milliseconds(0)));
      daemon.reset();
    }
    const auto names = spooled(database);
    BOOST_REQUIRE(names.size() > 2);
    damage(names[names.size() - 2]);
    if (restart) daemon = std::make_unique<Daemon>(database, Stores{good, away}, kDaily, kSpoolMax);
    away->down = false;
    daemon->sync();
    BOOST_TEST((restored(*away, database) == database.image()));
    check_every_moment(*away, database, moments);
    BOOST_TEST(comes([&] { return (*daemon)->status().replicas[1].dropped == Txid{}; }));
    BOOST_TEST(daemon->stop().has_value());
  }
}

BOOST_AUTO_TEST_SUITE_END()
