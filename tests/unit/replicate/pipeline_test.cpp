#include "replicate/pipeline.h"

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <thread>

#include "daemon_life.h"

using namespace streamd;
using namespace streamd::replicate;

BOOST_AUTO_TEST_SUITE(pipeline)

BOOST_AUTO_TEST_CASE(every_synced_moment_can_be_restored) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  Daemon daemon(database, {store});
  std::vector<std::pair<Txid, Bytes>> moments;
  for (int i = 0; i < 12; ++i) {
    database.insert(1 + 20 * (i % 4), 500);
    if (i == 5) database.run("DELETE FROM t WHERE id % 3 = 0");
    if (i == 6) database.run("VACUUM");
    moments.emplace_back(daemon.sync(), database.image());
  }
  BOOST_TEST(daemon.stop().has_value());
  for (const auto& [txid, image] : moments)
    BOOST_TEST((restored(*store, database, txid) == image), to_text(txid));
  BOOST_TEST((restored(*store, database) == database.image()));
}

BOOST_AUTO_TEST_CASE(a_restart_sends_nothing_twice) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  Txid before;
  {
    Daemon daemon(database, {store});
    database.insert(10);
    before = daemon.sync();
    BOOST_TEST(daemon.stop().has_value());
  }
  const int puts = store->calls(MemoryStore::Operation::kPut);
  Daemon daemon(database, {store});
  BOOST_TEST((daemon.sync() == before));
  BOOST_TEST(store->calls(MemoryStore::Operation::kPut) == puts);
  database.insert(1);
  BOOST_TEST((daemon.sync() == before.next()));
  BOOST_TEST(store->calls(MemoryStore::Operation::kPut) == puts + 1);
}

BOOST_AUTO_TEST_CASE(writes_made_while_the_daemon_was_down_become_one_delta) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  Txid before;
  {
    Daemon daemon(database, {store});
    database.insert(2000, 1000);
    before = daemon.sync();
    BOOST_TEST(daemon.stop().has_value());
  }
  const Bytes image = database.image();
  for (int i = 0; i < 3; ++i) {
    database.run("UPDATE t SET b = randomblob(1000) WHERE id = " + std::to_string(100 * i + 7));
    database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  Daemon daemon(database, {store});
  BOOST_TEST((daemon.sync() == before.next()));
  BOOST_TEST((restored(*store, database) == database.image()));
  BOOST_TEST((restored(*store, database, before) == image));
  std::size_t delta_bytes = 0;
  for (const std::string& key : store->keys())
    if (key.ends_with(".delta")) delta_bytes += store->content(key).size();
  BOOST_TEST(delta_bytes > 0u);
  BOOST_TEST(delta_bytes < 40'000u);  // a few pages of a database of 2 MB
}

BOOST_AUTO_TEST_CASE(a_replica_that_is_down_delays_nobody_and_catches_up) {
  LiveDatabase database;
  const auto good = std::make_shared<MemoryStore>(), bad = std::make_shared<MemoryStore>();
  std::atomic<bool> down{false};
  bad->before = [&](MemoryStore::Operation, const std::string&) -> Status {
    if (down) return make_error(Code::kTransient, "planted outage");
    return {};
  };
  Daemon daemon(database, {good, bad});
  database.insert();
  daemon.sync();
  down = true;
  for (int i = 0; i < 5; ++i) {
    database.insert(20);
    daemon.sync("r0");
  }
  BOOST_TEST((restored(*good, database) == database.image()));
  const Txid behind = daemon->status().replicas[1].acknowledged;
  BOOST_TEST((behind < daemon->status().replicas[0].acknowledged));
  down = false;
  daemon.sync();
  BOOST_TEST((restored(*bad, database) == database.image()));
  BOOST_TEST(!daemon->status().replicas[1].error.has_value());
  BOOST_TEST(daemon.stop().has_value());
}

BOOST_AUTO_TEST_CASE(a_restart_keeps_what_a_silent_replica_may_need) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  std::atomic<bool> down{false};
  store->before = [&](MemoryStore::Operation, const std::string&) -> Status {
    if (down) return make_error(Code::kTransient, "planted outage");
    return {};
  };
  std::vector<std::pair<Txid, Bytes>> moments;
  {
    Daemon daemon(database, {store});
    database.insert();
    daemon.sync();
    down = true;
    for (int i = 0; i < 3; ++i) {
      database.insert();
      moments.emplace_back(require(daemon->sync(in(kPatience), Cancel())), database.image());
    }
    (void)daemon->stop(in(milliseconds(0)));
  }
  {
    Daemon daemon(database, {store});
    // Its housekeeping runs in its first rounds, while the replica has said nothing yet.
    for (int i = 0; i < 3; ++i) require(daemon->sync(in(kPatience), Cancel()));
    BOOST_TEST(daemon->status().spool_bytes > 0u);
    down = false;
    daemon.sync();
    BOOST_TEST(daemon.stop().has_value());
  }
  for (const auto& [txid, image] : moments)
    BOOST_TEST((restored(*store, database, txid) == image), to_text(txid));
}

BOOST_AUTO_TEST_CASE(a_full_disk_loses_nothing_and_heals) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  std::atomic<bool> full{false};
  std::atomic<int> writes{0}, failures{0};
  // Full in the middle of an object: its first writes still fit.
  set_file_fault([&](FileOp operation, const std::string& path) {
    if (!full || operation != FileOp::kWrite || path.find("/spool/") == std::string::npos) return 0;
    if (++writes % 5 != 0) return 0;
    ++failures;
    return ENOSPC;
  });
  {
    Daemon daemon(database, {store});
    database.insert();
    daemon.sync();
    full = true;
    for (int i = 0; i < 300; ++i) database.insert(1, 3000);
    const auto until = in(kPatience);
    bool said = false;
    while (!said && std::chrono::steady_clock::now() < until) {
      database.insert(1, 3000);  // between two failures everything may get through
      const auto error = daemon->status().error;
      said = error && error->code == Code::kNoSpace;
      std::this_thread::sleep_for(milliseconds(2));
    }
    BOOST_TEST(said);
    BOOST_TEST(failures > 0);
    full = false;
    daemon.sync();
    while (daemon->status().error && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(milliseconds(10));
    BOOST_TEST(!daemon->status().error.has_value());
    BOOST_TEST((restored(*store, database) == database.image()));
    BOOST_TEST(daemon.stop().has_value());
  }
  set_file_fault({});
}

BOOST_AUTO_TEST_CASE(a_ledger_that_cannot_be_written_is_loaded_again) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  std::atomic<int> failures{0};
  std::atomic<bool> failing{false};
  set_file_fault([&](FileOp operation, const std::string& path) {
    if (!failing || operation != FileOp::kWrite || !path.ends_with("/ledger")) return 0;
    if (++failures == 3) failing = false;
    return EIO;
  });
  std::vector<std::pair<Txid, Bytes>> moments;
  {
    Daemon daemon(database, {store});
    database.insert();
    moments.emplace_back(daemon.sync(), database.image());
    failing = true;
    for (int i = 0; i < 20; ++i) {
      database.insert();
      moments.emplace_back(daemon.sync(), database.image());
    }
    BOOST_TEST(failures == 3);
    BOOST_TEST(daemon.stop().has_value());
  }
  set_file_fault({});
  for (const auto& [txid, image] : moments)
    BOOST_TEST((restored(*store, database, txid) == image), to_text(txid));
}

BOOST_AUTO_TEST_CASE(a_damaged_object_in_the_spool_is_bridged) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  std::atomic<bool> down{false};
  store->before = [&](MemoryStore::Operation, const std::string&) -> Status {
    if (down) return make_error(Code::kTransient, "planted outage");
    return {};
  };
  std::vector<std::pair<Txid, Bytes>> moments;
  database.insert();
  {
    Daemon daemon(database, {store});
    daemon.sync();  // the first snapshot has it all: nothing is in the spool
    down = true;
    for (int i = 0; i < 3; ++i) {
      database.insert();
      moments.emplace_back(require(daemon->sync(in(kPatience), Cancel())), database.image());
    }
    (void)daemon->stop(in(milliseconds(0)));
  }
  const std::string spool = database.folder_file(".app.db-streamd/spool");
  const auto names = require(list_folder(spool));
  BOOST_REQUIRE(names.size() == 3u);
  Bytes raw = require(read_file(join_path(spool, names[1])));
  raw[raw.size() / 2] ^= 1;
  BOOST_REQUIRE(replace_file(join_path(spool, names[1]), raw));
  down = false;
  {
    Daemon daemon(database, {store});
    daemon.sync();
    BOOST_TEST(daemon.stop().has_value());
  }
  BOOST_TEST((restored(*store, database) == database.image()));
  BOOST_TEST((restored(*store, database, moments[0].first) == moments[0].second));
  restore::RestoreOptions options;
  options.out = database.folder_file("hole.db");
  options.target.moment = restore::ByTxid{moments[1].first};
  const restore::Replica replica{store.get(), "r"};
  const auto in_the_hole = restore::restore({&replica, 1}, options);
  BOOST_REQUIRE(!in_the_hole.has_value());
  BOOST_TEST(in_the_hole.error().message.find("hole") != std::string::npos);
}

// SQLite 3.40.1 writes a wrong checksum chain then (see wal::accept_broken_frame); its recovery
// would drop the commit, or put old pages back over the database.
BOOST_AUTO_TEST_CASE(a_log_whose_checksums_sqlite_broke_loses_nothing) {
  for (const bool app_leaves_first : {true, false}) {
    LiveDatabase database;
    const auto store = std::make_shared<MemoryStore>();
    database.run("PRAGMA cache_size=5");
    database.run("PRAGMA busy_timeout=60000");  // the daemon truncates such a log
    database.insert(30, 3000);
    std::vector<std::pair<Txid, Bytes>> moments;
    Bytes live;
    {
      Daemon daemon(database, {store});
      for (int i = 0; i < 12; ++i) {
        database.run("PRAGMA wal_checkpoint(RESTART)");
        database.run("BEGIN; SAVEPOINT a; UPDATE t SET b=randomblob(3000); ROLLBACK TO a");
        database.run("INSERT INTO t(b) VALUES(1); COMMIT");
        if (i % 3 == 0) database.insert();
        moments.emplace_back(daemon.sync(), database.image());
      }
      live = database.image();
      const auto stats = daemon->status().capture;
      BOOST_TEST(stats.live_breaks == 0u);
      BOOST_TEST((stats.broken_chains > 0u || sqlite3_libversion_number() != 3040001));
      if (app_leaves_first) database.close();
      BOOST_TEST(daemon.stop().has_value());
    }
    if (!app_leaves_first) database.close();
    database.open();  // recovers what is left of the log
    BOOST_TEST((database.image() == live), "application left first: " << app_leaves_first);
    for (const auto& [txid, image] : moments)
      BOOST_TEST((restored(*store, database, txid) == image), to_text(txid));
  }
}

// What was captured for a replica that was away belongs to it, also when the local state was lost
// or the page size changed meanwhile: history first, then the new generation.
BOOST_AUTO_TEST_CASE(a_new_generation_does_not_cost_what_the_old_one_had_not_sent) {
  for (const std::string how : {"identity lost", "identity damaged", "page size"}) {
    LiveDatabase database;
    const auto store = std::make_shared<MemoryStore>();
    std::atomic<bool> down{false};
    store->before = [&](MemoryStore::Operation, const std::string&) -> Status {
      if (down) return make_error(Code::kTransient, "planted outage");
      return {};
    };
    std::vector<std::pair<Txid, Bytes>> moments;
    GenerationId old;
    {
      Daemon daemon(database, {store});
      database.insert();
      daemon.sync();
      old = daemon->status().generation;
      down = true;
      for (int i = 0; i < 5; ++i) {
        database.insert();
        moments.emplace_back(require(daemon->sync(in(kPatience), Cancel())), database.image());
      }
      (void)daemon->stop(in(milliseconds(0)));
    }
    down = false;
    const std::string identity = database.folder_file(".app.db-streamd/identity.json");
    if (how == "identity lost") {
      BOOST_REQUIRE(remove_file(identity));
    } else if (how == "identity damaged") {
      Bytes raw = require(read_file(identity));
      const auto key = as_text(raw).find("checksum-key\": \"") + 16;
      raw[key] = raw[key] == '0' ? '1' : '0';
      BOOST_REQUIRE(replace_file(identity, raw));
    } else {
      database.run("PRAGMA journal_mode=DELETE");
      database.run("PRAGMA page_size=8192");
      database.run("VACUUM");
      database.run("PRAGMA journal_mode=WAL");
    }
    {
      Daemon daemon(database, {store});
      database.insert();
      moments.emplace_back(daemon.sync(), database.image());
      BOOST_TEST((daemon->status().generation > old));
      BOOST_TEST(daemon.stop().has_value());
    }
    for (const auto& [txid, image] : moments)
      BOOST_TEST((restored(*store, database, txid) == image), how << " " << to_text(txid));
    BOOST_TEST((restored(*store, database) == database.image()), how);
  }
}

BOOST_AUTO_TEST_CASE(a_place_that_lost_its_backup_is_not_filled_again) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>(), empty = std::make_shared<MemoryStore>();
  {
    Daemon daemon(database, {store});
    daemon.sync();
  }
  database.insert();
  const std::string place = database.folder_file(".app.db-streamd/replicas/r0/place");
  {
    Daemon daemon(database, {empty});  // the drive is not mounted
    require(daemon->sync(in(kPatience), Cancel()));
    const auto until = in(kPatience);
    while (!daemon->status().replicas[0].error && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(milliseconds(5));
    const auto error = daemon->status().replicas[0].error;
    BOOST_REQUIRE(error.has_value());
    BOOST_TEST((error->code == Code::kTransient));
    BOOST_TEST(error->hint.find(place) != std::string::npos);
    BOOST_TEST(empty->keys().empty());
    (void)daemon->stop(in(milliseconds(0)));
  }
  BOOST_REQUIRE(remove_file(place));
  Daemon daemon(database, {empty});
  daemon.sync();
  BOOST_TEST((restored(*empty, database) == database.image()));
}

BOOST_AUTO_TEST_CASE(a_second_daemon_is_refused) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  Daemon daemon(database, {store});
  DatabaseSettings settings;
  settings.path = database.path();
  const auto second = Pipeline::create(settings, system_clock());
  BOOST_REQUIRE(!second.has_value());
  BOOST_TEST((second.error().code == Code::kBusy));
  BOOST_TEST(second.error().message.find("another streamd (pid ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_replica_of_another_database_is_refused) {
  LiveDatabase first, second;
  const auto store = std::make_shared<MemoryStore>();
  {
    Daemon daemon(first, {store});
    daemon.sync();
  }
  const auto own = std::make_shared<MemoryStore>();
  {
    Daemon daemon(second, {own});
    daemon.sync();
  }
  Daemon daemon(second, {store});  // has an identity of its own
  const auto until = in(kPatience);
  while (daemon->status().replicas[0].state != ReplicaState::kRefused &&
         std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(milliseconds(5));
  BOOST_REQUIRE(daemon->status().replicas[0].error.has_value());
  BOOST_TEST((daemon->status().replicas[0].error->code == Code::kDiverged));
}

BOOST_AUTO_TEST_CASE(a_lost_state_folder_begins_a_generation_above_what_the_replica_has) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  Txid before;
  GenerationId generation;
  {
    Daemon daemon(database, {store});
    database.insert(10);
    before = daemon.sync();
    generation = daemon->status().generation;
  }
  BOOST_REQUIRE(remove_tree(database.folder_file(".app.db-streamd")));
  const Bytes image = database.image();
  Daemon daemon(database, {store});
  database.insert();
  BOOST_TEST((daemon.sync() > before));
  BOOST_TEST((daemon->status().generation.epoch() == generation.epoch() + 1));
  BOOST_TEST((restored(*store, database) == database.image()));
  BOOST_TEST((restored(*store, database, before) == image));
}

BOOST_AUTO_TEST_CASE(a_snapshot_of_many_parts_under_writes) {
  LiveDatabase database(1024);
  database.insert(60'000, 900);  // 70 MB: five parts
  const auto store = std::make_shared<MemoryStore>();
  std::atomic<bool> done{false};
  Daemon daemon(database, {store});
  for (int i = 0; !done && i < 200; ++i) {
    database.run("UPDATE t SET b = randomblob(900) WHERE id = " + std::to_string(1 + i * 293));
    done = daemon->status().replicas[0].snapshot.value != 0;
  }
  daemon.sync();
  BOOST_TEST((restored(*store, database) == database.image()));
  int parts = 0;
  for (const std::string& key : store->keys()) parts += key.ends_with(".part");
  BOOST_TEST(parts >= 4);
}

BOOST_AUTO_TEST_CASE(an_interrupted_first_snapshot_goes_on_although_the_log_went_away) {
  LiveDatabase database;
  database.insert(90'000, 1200);  // 118 MB: eight parts
  const auto store = std::make_shared<MemoryStore>();
  const auto parts = [&] {
    int found = 0;
    for (const std::string& key : store->keys()) found += key.ends_with(".part");
    return found;
  };
  store->before = [&](MemoryStore::Operation operation, const std::string& key) -> Status {
    if (operation == MemoryStore::Operation::kPut && key.ends_with(".part") && parts() >= 4)
      return make_error(Code::kTransient, "planted outage");
    return {};
  };
  {
    Daemon daemon(database, {store});
    const auto until = in(kPatience);
    while (parts() < 4 && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(milliseconds(5));
    (void)daemon->stop(in(milliseconds(0)));
  }
  const std::vector<std::string> sent = store->keys();
  database.run("UPDATE t SET b = zeroblob(1200) WHERE id = 5");
  database.close();  // the last one: the log is deleted
  database.open();
  store->before = nullptr;
  const int puts = store->calls(MemoryStore::Operation::kPut);
  Daemon daemon(database, {store});
  daemon.sync();
  BOOST_TEST(parts() == 8);
  BOOST_TEST(store->calls(MemoryStore::Operation::kPut) - puts <=
             5);  // the missing parts, the manifest
  BOOST_TEST((restored(*store, database) == database.image()));
}

BOOST_AUTO_TEST_CASE(snapshots_follow_their_interval_and_cost_what_changed) {
  LiveDatabase database;
  database.insert(30'000, 1200);  // three parts
  const auto store = std::make_shared<MemoryStore>();
  Daemon daemon(database, {store}, milliseconds(50));
  const auto count = [&](const std::string& ending) {
    int found = 0;
    for (const std::string& key : store->keys()) found += key.ends_with(ending);
    return found;
  };
  const Txid first = daemon.sync();
  const int parts = count(".part");
  BOOST_TEST(parts >= 2);
  std::this_thread::sleep_for(milliseconds(200));
  BOOST_TEST(count(".snap") == 1);  // nothing changed: no further one
  database.insert(1);
  daemon.sync();
  const auto until = in(kPatience);
  while (count(".snap") < 2 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(milliseconds(5));
  BOOST_TEST(count(".snap") == 2);
  BOOST_TEST(count(".part") == parts);  // all reused
  BOOST_TEST((daemon->status().replicas[0].snapshot > first));
  BOOST_TEST((restored(*store, database) == database.image()));
}

// The log is handed back, a visitor asks for it: the replica is not the one who had the segment
// sealed.
BOOST_AUTO_TEST_CASE(what_was_sealed_for_another_reason_is_sent_without_a_further_commit) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  Daemon daemon(database, {store});
  daemon.sync();
  std::this_thread::sleep_for(milliseconds(200));  // the replica has nothing to wait for
  Txid sealed;
  const auto seal = [&](Moment& moment) -> Status {
    database.insert(1);
    TRY(moment.capture.catch_up());
    TRY(moment.capture.make_durable());
    sealed = moment.recorder.tip().txid;
    return {};
  };
  ReplicaHost& host = *daemon;
  BOOST_REQUIRE(host.visit(seal, Cancel()).has_value());
  BOOST_TEST(daemon->wait_for(sealed, "", in(kPatience), Cancel()).has_value());
}

BOOST_AUTO_TEST_CASE(the_spool_is_emptied_when_every_replica_has_it) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  Daemon daemon(database, {store});
  database.insert(20'000, 1200);  // 24 MB of noise: above what the spool keeps for an interval
  daemon.sync();
  const auto until = in(kPatience);
  while (daemon->status().spool_bytes != 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(milliseconds(20));
  BOOST_TEST(daemon->status().spool_bytes == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
