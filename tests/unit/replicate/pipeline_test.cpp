#include "replicate/pipeline.h"

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <thread>

#include "../sqlite/live_database.h"
#include "memory_store.h"
#include "restore/restore.h"

using namespace streamd;
using namespace streamd::replicate;

namespace {

MonoTime in(milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}
constexpr milliseconds kPatience{60'000};  // a slow machine is no failure

template <class T>
T require(Result<T> result) {
  BOOST_REQUIRE_MESSAGE(result.has_value(), (result ? std::string() : result.error().message));
  return std::move(result).take();
}

// One daemon's life for one database.
class Daemon {
 public:
  Daemon(LiveDatabase& database, const std::vector<std::shared_ptr<MemoryStore>>& stores,
         milliseconds snapshot_interval = std::chrono::hours(24)) {
    DatabaseSettings settings;
    settings.path = database.path();
    settings.name = "app";
    settings.capture.idle = milliseconds(20);
    for (std::size_t i = 0; i < stores.size(); ++i)
      settings.replicas.push_back(
          {"r" + std::to_string(i), milliseconds(20), snapshot_interval, stores[i]});
    loop_ = require(Loop::start());
    pipeline_ = require(Pipeline::create(std::move(settings), system_clock()));
    pipeline_->start(*loop_);
  }
  Txid sync(const std::string& replica = "") {
    const Txid txid = require(pipeline_->sync(in(kPatience), never_));
    require(pipeline_->wait_for(txid, replica, in(kPatience), never_));
    return txid;
  }
  Pipeline& operator*() { return *pipeline_; }
  Pipeline* operator->() { return pipeline_.get(); }
  Status stop() { return pipeline_->stop(in(kPatience)); }

 private:
  const Cancel never_;
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<Pipeline> pipeline_;
};

Bytes restored(MemoryStore& store, LiveDatabase& database, std::optional<Txid> txid = {}) {
  restore::RestoreOptions options;
  options.out = database.folder_file("restored.db");
  if (txid) options.target.moment = restore::ByTxid{*txid};
  const restore::Replica replica{&store, "r"};
  require(restore::restore({&replica, 1}, options));
  Bytes bytes = require(read_file(options.out, kGiB));
  BOOST_REQUIRE(remove_file(options.out));
  return bytes;
}

int segments(const MemoryStore& store) {
  int count = 0;
  for (const std::string& key : store.keys()) count += key.find("/segments/") != std::string::npos;
  return count;
}

}  // namespace

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

BOOST_AUTO_TEST_CASE(a_stop_says_what_did_not_make_it_and_the_next_life_sends_it) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  std::atomic<bool> down{false};
  store->before = [&](MemoryStore::Operation operation, const std::string&) -> Status {
    if (down && operation == MemoryStore::Operation::kPut)
      return make_error(Code::kTransient, "planted outage");
    return {};
  };
  {
    Daemon daemon(database, {store});
    database.insert();
    daemon.sync();
    down = true;
    database.insert();
    const Status stopped = daemon->stop(in(milliseconds(300)));
    BOOST_REQUIRE(!stopped.has_value());
    BOOST_TEST((stopped.error().code == Code::kTransient));
  }
  down = false;
  const int before = segments(*store);
  Daemon daemon(database, {store});
  daemon.sync();
  BOOST_TEST(segments(*store) == before + 1);
  BOOST_TEST((restored(*store, database) == database.image()));
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
