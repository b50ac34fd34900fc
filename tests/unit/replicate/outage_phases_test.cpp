// An outage meets everything else that can happen: restarts, a second outage, a first snapshot, a
// database that becomes another.
#include <filesystem>
#include <random>

#include "outage_scene.h"

using namespace streamd;
using namespace streamd::replicate;

namespace {

// Another database of another page size is put in its place: a new generation.
void replace_by_another(LiveDatabase& database, Daemon& daemon) {
  const GenerationId old = daemon->status().generation;
  LiveDatabase other(8192);
  other.insert(300, 1000);
  other.close();
  database.close();
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(database.path() + suffix);
  std::filesystem::rename(other.path(), database.path());
  other.open();
  database.open();
  BOOST_REQUIRE(comes([&] {
    (void)database.try_run("INSERT INTO t(b) VALUES(1)");
    const DatabaseStatus status = daemon->status();
    return status.generation != old && status.phase == Phase::kLive;
  }));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(outage_phases)

BOOST_AUTO_TEST_CASE(an_outage_that_drops_even_the_newest_object_ends_without_a_further_commit) {
  LiveDatabase database;
  const auto good = std::make_shared<MemoryStore>();
  const auto away = std::make_shared<AwayStore>();
  Daemon daemon(database, Stores{good, away}, kDaily, 64 * kKiB);
  daemon.sync();
  Moments moments;
  away->down = true;
  database.insert(1000, 1200);  // more than the spool holds
  note(daemon, database, moments);
  BOOST_TEST(comes([&] { return daemon->status().replicas[1].dropped == moments[0].first; }));
  BOOST_TEST(comes([&] { return daemon->status().spool_bytes == 0; }));
  be_over_with_sends(daemon, *away);
  away->down = false;
  daemon.sync();
  BOOST_TEST((restored(*away, database) == database.image()));
  BOOST_TEST(away->count(".snap") == 1);
  BOOST_TEST(away->count(".delta") == 1);
  BOOST_TEST(daemon.stop().has_value());
}

// What was under way when the spool dropped it arrived: the replica is inside the range.
BOOST_AUTO_TEST_CASE(a_replica_that_took_some_of_what_was_dropped_still_gets_a_delta) {
  for (const bool restart : {false, true}) {
    LiveDatabase database;
    const auto good = std::make_shared<MemoryStore>();
    const auto away = std::make_shared<AwayStore>();
    database.insert(3000, 1200);
    auto daemon = std::make_unique<Daemon>(database, Stores{good, away}, kDaily, kSpoolMax);
    daemon->sync();
    Moments moments;
    away->hold_segments = true;
    change_a_tenth(database, 0);
    note(*daemon, database, moments);
    away->wait_until_held();
    write_until_dropped(*daemon, database, moments, moments[0].first.next());
    away->down = true;
    away->release();
    BOOST_TEST(
        comes([&] { return (*daemon)->status().replicas[1].acknowledged == moments[0].first; }));
    if (restart) {
      (void)(*daemon)->stop(in(milliseconds(0)));
      daemon.reset();
      daemon = std::make_unique<Daemon>(database, Stores{good, away}, kDaily, kSpoolMax);
    }
    away->down = false;
    daemon->sync();
    BOOST_TEST((restored(*away, database) == database.image()));
    BOOST_TEST(check_every_moment(*away, database, moments) >= 2u);
    BOOST_TEST(away->count(".snap") == 1);
    BOOST_TEST(away->count(".delta") == 1);
    BOOST_TEST(daemon->stop().has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_second_outage_while_the_delta_arrives) {
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
    // It arrives, but nobody hears of it; then the replica is away again.
    away->fail_next(Operation::kPut, make_error(Code::kTransient, "no answer"), 1, true);
    away->down = false;
    BOOST_TEST(comes([&] {
      require((*daemon)->sync(in(kPatience), Cancel()));
      return away->count(".delta") == 1;
    }));
    away->down = true;
    const Txid seen = moments.back().first;
    write_until_dropped(*daemon, database, moments, seen.next());
    if (restart) {
      (void)(*daemon)->stop(in(milliseconds(0)));
      daemon.reset();
      daemon = std::make_unique<Daemon>(database, Stores{good, away}, kDaily, kSpoolMax);
    }
    away->down = false;
    daemon->sync();
    BOOST_TEST((restored(*away, database) == database.image()));
    check_every_moment(*away, database, moments);
    BOOST_TEST(away->count(".snap") == 1);
    BOOST_TEST(daemon->stop().has_value());
  }
}

BOOST_AUTO_TEST_CASE(an_outage_during_the_first_snapshot) {
  for (const bool restart : {false, true}) {
    LiveDatabase database;
    const auto good = std::make_shared<MemoryStore>();
    const auto away = std::make_shared<AwayStore>();
    away->no_manifests = true;
    database.insert(3000, 1200);
    auto daemon = std::make_unique<Daemon>(database, Stores{good, away}, kDaily, kSpoolMax);
    Moments moments;
    BOOST_TEST(comes([&] { return (*daemon)->status().replicas[1].error.has_value(); }));
    away->down = true;
    for (int i = 0; i < 12; ++i) {
      change_a_tenth(database, i);
      note(*daemon, database, moments);
    }
    if (restart) {
      (void)(*daemon)->stop(in(milliseconds(0)));
      daemon.reset();
      daemon = std::make_unique<Daemon>(database, Stores{good, away}, kDaily, kSpoolMax);
      database.insert(3000, 1200);
      note(*daemon, database, moments);  // nobody knows yet what the replica has: dropped for it
      write_until_dropped(*daemon, database, moments, moments[0].first);
    }
    away->down = away->no_manifests = false;
    daemon->sync();
    change_a_tenth(database, 5);
    note(*daemon, database, moments);
    daemon->sync();
    BOOST_TEST((restored(*away, database) == database.image()));
    check_every_moment(*away, database, moments);
    BOOST_TEST(comes([&] { return (*daemon)->status().replicas[1].dropped == Txid{}; }));
    BOOST_TEST(daemon->stop().has_value());
  }
}

// What was dropped is on record on the disk whenever it is in memory, else a kill costs a snapshot.
BOOST_AUTO_TEST_CASE(what_is_dropped_while_the_replica_catches_up_stays_on_record) {
  std::atomic<bool> armed{false}, noting{false}, go_on{false};
  LiveDatabase database;
  const std::string folder = database.folder_file(".app.db-streamd/replicas/r1");
  set_file_fault([&](FileOp operation, const std::string& path) {
    if (!armed || operation != FileOp::kSync || path != folder) return 0;
    armed = false;
    noting = true;
    while (!go_on) std::this_thread::sleep_for(milliseconds(1));
    return 0;
  });
  const auto good = std::make_shared<MemoryStore>();
  const auto away = std::make_shared<AwayStore>();
  {
    database.insert(3000, 1200);
    Daemon daemon(database, Stores{good, away}, kDaily, kSpoolMax);
    daemon.sync();
    Moments moments;
    away->down = true;
    change_a_tenth(database, 0);
    note(daemon, database, moments);
    write_until_dropped(daemon, database, moments, moments[0].first);
    be_over_with_sends(daemon, *away);
    away->hold_segments = true;
    away->down = false;
    require(daemon->sync(in(kPatience), Cancel()));
    away->wait_until_held();  // the delta
    const Txid before = daemon->status().replicas[1].dropped;
    armed = true;
    int refused = 0;          // Boost.Test is for one thread
    std::thread writer([&] {  // the spool is shrunk again, and stands still in the middle of it
      const auto until = in(kPatience);
      for (int i = 0; !noting && std::chrono::steady_clock::now() < until; ++i) {
        if (database.try_run(changing_a_tenth(i)) != SQLITE_OK) ++refused;
        std::this_thread::sleep_for(milliseconds(10));
      }
    });
    BOOST_TEST(comes([&] { return noting.load(); }));
    writer.join();
    BOOST_TEST(refused == 0);
    away->down = true;
    away->release();
    BOOST_TEST(comes([&] { return (daemon->status().replicas[1].dropped == Txid{}); }));
    go_on = true;
    BOOST_TEST(comes([&] { return daemon->status().replicas[1].dropped > before; }));
    BOOST_TEST(require(stat_path(join_path(folder, "changed"))).has_value());
    away->down = false;
    daemon.sync();
    BOOST_TEST((restored(*away, database) == database.image()));
    BOOST_TEST(away->count(".snap") == 1);
    BOOST_TEST(daemon.stop().has_value());
  }
  set_file_fault({});
}

BOOST_AUTO_TEST_CASE(a_new_generation_while_a_delta_is_about_to_be_made) {
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
  away->hold_looks = true;
  away->down = false;
  require(daemon->sync(in(kPatience), Cancel()));
  away->wait_until_held();
  replace_by_another(database, daemon);
  away->release();
  daemon.sync();
  BOOST_TEST((restored(*away, database) == database.image()));
  BOOST_TEST(away->count(".delta") == 0);
  BOOST_TEST(daemon.stop().has_value());
}

BOOST_AUTO_TEST_CASE(a_new_generation_while_a_snapshot_is_taken) {
  LiveDatabase database;
  const auto away = std::make_shared<AwayStore>();
  database.insert(30'000, 1200);  // three parts
  away->hold_parts = true;
  Daemon daemon(database, Stores{away});
  away->wait_until_held();
  replace_by_another(database, daemon);
  away->release();
  daemon.sync();
  BOOST_TEST((restored(*away, database) == database.image()));
  const catalog::Timeline timeline = away->timeline();
  for (std::size_t i = 0; i + 1 < timeline.generations.size(); ++i)
    BOOST_TEST(timeline.generations[i].snapshots.empty());  // it could never be finished
  BOOST_TEST(daemon.stop().has_value());
}

// Comes and goes while the spool is shrunk again and again, over restarts, beside one that is well.
BOOST_AUTO_TEST_CASE(whatever_a_flapping_replica_offers_is_right) {
  LiveDatabase database;
  const auto good = std::make_shared<MemoryStore>();
  const auto away = std::make_shared<AwayStore>();
  database.insert(3000, 1200);
  Moments moments;
  std::mt19937 random(7);
  for (int life = 0; life < 3; ++life) {
    Daemon daemon(database, Stores{good, away}, kDaily, kMiB);
    for (int i = 0; i < 40; ++i) {
      change_a_tenth(database, static_cast<int>(random() % 10));
      if (i % 20 == 7) database.run("DELETE FROM t WHERE id > 2800; VACUUM");
      if (i % 20 == 9) database.insert(200, 1200);
      note(daemon, database, moments);
      if (random() % 6 == 0) away->down = !away->down;
      std::this_thread::sleep_for(milliseconds(random() % 20));
    }
    (void)daemon->stop(in(milliseconds(random() % 100)));
  }
  away->down = false;
  Daemon daemon(database, Stores{good, away}, kDaily, kMiB);
  daemon.sync();
  BOOST_TEST((restored(*away, database) == database.image()));
  BOOST_TEST((restored(*good, database) == database.image()));
  BOOST_TEST(check_every_moment(*away, database, moments) > 0u);
  BOOST_TEST(daemon.stop().has_value());
}

BOOST_AUTO_TEST_SUITE_END()
