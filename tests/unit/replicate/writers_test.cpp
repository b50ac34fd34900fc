// Two daemons on one replica: who writes there, who stops, who asks.
#include <boost/test/unit_test.hpp>
#include <thread>

#include "daemon_life.h"

using namespace streamd;
using namespace streamd::replicate;

namespace {

using Stores = std::vector<std::shared_ptr<MemoryStore>>;
using Tune = std::function<void(DatabaseSettings&)>;

const Tune kQuick = [](DatabaseSettings& settings) { settings.writer_check = milliseconds(20); };
const Tune kAdopt = [](DatabaseSettings& settings) {
  settings.writer_check = milliseconds(20);
  settings.adopt_local = true;
};
const Tune kTakeOver = [](DatabaseSettings& settings) { settings.take_over = true; };

std::unique_ptr<Daemon> life(LiveDatabase& database, const Stores& stores,
                             const Tune& tune = kQuick) {
  return std::make_unique<Daemon>(database, stores, std::chrono::hours(24), 0, tune);
}

// Restores beside a database that is not open, local state included: a new machine.
struct NewMachine {
  LiveDatabase database;
  explicit NewMachine(MemoryStore& store, bool with_state = true) {
    database.close();
    restore::RestoreOptions options;
    options.out = database.path();
    options.force = true;
    if (with_state) options.local_state = require(state::layout_for(database.path(), ""));
    const restore::Replica replica{&store, "r"};
    require(restore::restore({&replica, 1}, options));
    database.open();
    database.run("PRAGMA journal_mode=WAL");
    database.run("PRAGMA wal_autocheckpoint=0");
  }
};

template <class Condition>
bool soon(Condition condition) {
  const auto until = in(kPatience);
  while (!condition() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(milliseconds(5));
  return condition();
}

// Everything committed is asked to reach the replica: how that ends.
Code outcome(Daemon& daemon, const std::string& replica = "r0") {
  const Cancel never;
  const auto txid = daemon->sync(in(kPatience), never);
  if (!txid) return txid.error().code;
  const Status sent = daemon->wait_for(*txid, replica, in(kPatience), never);
  return sent ? Code::kCancelled : sent.error().code;  // kCancelled: none, it succeeded
}
constexpr Code kDone = Code::kCancelled;

std::size_t claims(const MemoryStore& store) {
  const auto keys = store.keys();
  return static_cast<std::size_t>(std::count_if(
      keys.begin(), keys.end(), [](const auto& key) { return key.starts_with("writers/"); }));
}

std::map<std::string, Bytes> contents(const MemoryStore& store) {
  std::map<std::string, Bytes> all;
  for (const std::string& key : store.keys()) all[key] = store.content(key);
  return all;
}

// Everything that was there is there, unchanged.
bool kept(const MemoryStore& store, const std::map<std::string, Bytes>& before) {
  const auto now = contents(store);
  return std::all_of(before.begin(), before.end(), [&](const auto& object) {
    const auto found = now.find(object.first);
    return found != now.end() && found->second == object.second;
  });
}

// An older state of the whole folder comes back.
void copy_folder(const std::string& from, const std::string& to) {
  std::filesystem::remove_all(to);
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(writers)

BOOST_AUTO_TEST_CASE(a_restored_database_takes_over_and_the_old_daemon_stops_writing_there) {
  LiveDatabase old;
  const auto store = std::make_shared<MemoryStore>(), own = std::make_shared<MemoryStore>();
  old.insert(5);
  auto first = life(old, {store, own});
  first->sync();
  NewMachine machine(*store);
  auto second = life(machine.database, {store});
  machine.database.insert();
  second->sync();
  BOOST_TEST(((*second)->status().generation == (*first)->status().generation));  // no new upload
  const auto before = contents(*store);

  std::this_thread::sleep_for(milliseconds(30));  // the last answer is older than the interval
  old.insert();
  BOOST_TEST((outcome(*first) == Code::kFenced));
  BOOST_TEST((outcome(*first, "r1") == kDone));  // its other replica goes on
  BOOST_TEST((contents(*store) == before));
  const ReplicaStatus status = (*first)->status().replicas[0];
  BOOST_TEST(std::string(state_name(status.state)) == "taken over");
  BOOST_REQUIRE(status.error.has_value());
  BOOST_TEST(status.error->message.find(machine.database.path()) != std::string::npos);
  BOOST_TEST(status.error->hint.find("streamctl adopt") != std::string::npos);
  for (int i = 0; i < 3; ++i) old.insert();
  BOOST_TEST((outcome(*first) == Code::kFenced));
  const Status stopped = first->stop();
  BOOST_REQUIRE(!stopped.has_value());
  BOOST_TEST((stopped.error().code == Code::kFenced));

  machine.database.insert();
  second->sync();
  BOOST_TEST((restored(*store, machine.database) == machine.database.image()));
  BOOST_TEST((restored(*own, old) == old.image()));
}

BOOST_AUTO_TEST_CASE(an_old_daemon_that_comes_back_stays_away_until_somebody_decides) {
  LiveDatabase old;
  const auto store = std::make_shared<MemoryStore>();
  old.insert(5);
  life(old, {store})->sync();
  NewMachine machine(*store);
  auto second = life(machine.database, {store});
  second->sync();  // has sent nothing but its claim
  auto before = contents(*store);
  {
    auto first = life(old, {store});
    BOOST_TEST((outcome(*first) == Code::kFenced));
    old.insert();
    BOOST_TEST((outcome(*first) == Code::kFenced));
  }
  BOOST_TEST((contents(*store) == before));

  const Bytes image = machine.database.image();
  const Txid there = second->sync();
  auto first = life(old, {store}, kAdopt);
  BOOST_TEST((outcome(*first) == kDone));
  BOOST_TEST(((*first)->status().generation > (*second)->status().generation));
  BOOST_TEST(kept(*store, before));
  std::this_thread::sleep_for(milliseconds(30));
  machine.database.insert();
  BOOST_TEST((outcome(*second) == Code::kFenced));
  BOOST_TEST((restored(*store, old) == old.image()));
  BOOST_TEST((restored(*store, old, there) == image));
}

BOOST_AUTO_TEST_CASE(a_database_without_local_state_never_takes_the_backup_of_another_one) {
  for (int round = 0; round < 4; ++round) {
    const bool claimed = round % 2 == 0;
    LiveDatabase first, second;
    const auto store = std::make_shared<MemoryStore>(), empty = std::make_shared<MemoryStore>();
    first.insert(20);
    second.insert(10);
    life(first, {store})->sync();
    if (!claimed) store->erase("writers/00000001.json");
    const auto before = contents(*store);
    auto daemon = life(second, {empty, store});
    BOOST_TEST(soon([&] {
      const auto error = (*daemon)->status().error;
      return error && error->code == Code::kDiverged;
    }));
    const auto error = (*daemon)->status().error;
    BOOST_REQUIRE(error.has_value());
    if (claimed) BOOST_TEST(error->message.find(first.path()) != std::string::npos);
    BOOST_TEST(error->hint.find("streamctl adopt") != std::string::npos);
    const Status stopped = daemon->stop();
    BOOST_REQUIRE(!stopped.has_value());
    BOOST_TEST((stopped.error().code == Code::kDiverged));
    BOOST_TEST((contents(*store) == before));
    BOOST_TEST(empty->keys().empty());
    BOOST_TEST(
        !require(stat_path(second.folder_file(".app.db-streamd/identity.json"))).has_value());
    daemon.reset();
    daemon = life(second, {empty, store}, round < 2 ? kAdopt : kTakeOver);  // somebody decided
    BOOST_TEST((outcome(*daemon, "r1") == kDone));
    BOOST_TEST(kept(*store, before));
    BOOST_TEST((restored(*store, second) == second.image()));
  }
}

BOOST_AUTO_TEST_CASE(a_database_without_local_state_that_is_the_newest_backup_goes_on) {
  LiveDatabase old;
  const auto store = std::make_shared<MemoryStore>();
  old.insert(20);
  life(old, {store})->sync();
  NewMachine machine(*store, false);
  auto daemon = life(machine.database, {store});
  BOOST_TEST((outcome(*daemon) == kDone));  // proven: what it commits from now on is its own
  machine.database.insert();
  BOOST_TEST((outcome(*daemon) == kDone));
  BOOST_TEST((restored(*store, old) == machine.database.image()));
}

BOOST_AUTO_TEST_CASE(a_copy_of_database_and_local_state_takes_over_too) {
  LiveDatabase first;
  const auto store = std::make_shared<MemoryStore>();
  first.insert(3);
  life(first, {store})->sync();
  LiveDatabase copy;
  copy.close();
  copy_folder(first.folder(), copy.folder());
  copy.open();
  auto original = life(first, {store}), clone = life(copy, {store});
  BOOST_TEST((outcome(*clone) == kDone));
  BOOST_TEST(soon([&] { return claims(*store) == 2u || claims(*store) == 3u; }));
  std::this_thread::sleep_for(milliseconds(30));
  first.insert();
  copy.insert();
  // Whichever has claimed it last writes there; the other one has noticed.
  const Code one = outcome(*original);
  std::this_thread::sleep_for(milliseconds(30));
  const Code other = outcome(*clone);
  BOOST_TEST(((one == kDone) != (other == kDone)));
  BOOST_TEST((one == Code::kFenced || other == Code::kFenced));
  LiveDatabase& writer = one == kDone ? first : copy;
  BOOST_TEST((restored(*store, first) == writer.image()));
}

BOOST_AUTO_TEST_CASE(an_older_disk_asks_in_this_life_and_in_the_next) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  std::atomic<bool> down{false};
  store->before = [&](MemoryStore::Operation, const std::string&) -> Status {
    if (down) return make_error(Code::kTransient, "planted outage");
    return {};
  };
  database.insert(3);
  life(database, {store})->sync();
  database.close();
  const std::string older = database.folder() + "-older";
  copy_folder(database.folder(), older);
  database.open();
  {
    auto daemon = life(database, {store});
    for (int i = 0; i < 5; ++i) {
      database.insert();
      daemon->sync();
    }
  }
  const Bytes newer = database.image();
  const Txid newest = life(database, {store})->sync();
  database.close();
  copy_folder(older, database.folder());
  std::filesystem::remove_all(older);
  database.open();
  const auto before = contents(*store);
  {
    auto daemon = life(database, {store});
    BOOST_TEST((outcome(*daemon) == Code::kDiverged));
    (void)(*daemon)->stop(in(milliseconds(0)));
  }
  down = true;
  {  // meanwhile it counts beyond what the replica has
    auto daemon = life(database, {store});
    for (int i = 0; i < 9; ++i) {
      database.insert();
      require((*daemon)->sync(in(kPatience), Cancel()));
    }
    BOOST_TEST(((*daemon)->status().durable > newest));
    (void)(*daemon)->stop(in(milliseconds(0)));
  }
  down = false;
  {
    auto daemon = life(database, {store});
    BOOST_TEST((outcome(*daemon) == Code::kDiverged));
    (void)(*daemon)->stop(in(milliseconds(0)));
  }
  BOOST_TEST(kept(*store, before));
  BOOST_TEST(contents(*store).size() == before.size());
  auto daemon = life(database, {store}, kAdopt);
  BOOST_TEST((outcome(*daemon) == kDone));
  BOOST_TEST(kept(*store, before));
  BOOST_TEST((restored(*store, database) == database.image()));
  BOOST_TEST((restored(*store, database, newest) == newer));
}

BOOST_AUTO_TEST_CASE(a_life_that_ends_before_its_first_object_leaves_one_claim) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  std::atomic<bool> dying{true};
  store->before = [&](MemoryStore::Operation operation, const std::string& key) -> Status {
    if (dying && operation == MemoryStore::Operation::kPut && key.starts_with("generations/"))
      return make_error(Code::kTransient, "planted outage");
    return {};
  };
  {
    auto daemon = life(database, {store});
    BOOST_TEST(soon([&] { return claims(*store) == 1u; }));
    (void)(*daemon)->stop(in(milliseconds(0)));
  }
  dying = false;
  for (int i = 0; i < 3; ++i) life(database, {store})->sync();
  BOOST_TEST(claims(*store) == 1u);
  BOOST_TEST((restored(*store, database) == database.image()));
}

BOOST_AUTO_TEST_CASE(of_two_claims_at_one_moment_none_is_lost) {
  for (const bool atomic : {true, false}) {
    LiveDatabase database;
    const auto store = std::make_shared<MemoryStore>();
    store->capabilities.if_absent = atomic;
    database.insert();
    auto daemon = life(database, {store});
    daemon->sync();
    NewMachine machine(*store);
    // Somebody else puts the same number between our list and our put, or right after it.
    catalog::Writer other;
    other.claim = other.instance = Uuid::make();
    other.host = "elsewhere";
    const std::string text = catalog::encode_writer(other), second = "writers/00000002.json";
    std::atomic<bool> planted{false};
    store->before = [&](MemoryStore::Operation operation, const std::string& key) -> Status {
      const auto when = atomic ? MemoryStore::Operation::kPut : MemoryStore::Operation::kGet;
      if (key == second && operation == when && !planted.exchange(true))
        store->set(second, Bytes(text.begin(), text.end()));
      return {};
    };
    auto winner = life(machine.database, {store});
    machine.database.insert();
    BOOST_TEST((outcome(*winner) == kDone));
    BOOST_TEST(planted.load());
    BOOST_TEST(claims(*store) == 3u);
    BOOST_TEST(std::string(as_text(store->content(second))) == text);
    store->before = nullptr;
  }
}

BOOST_AUTO_TEST_CASE(without_an_atomic_put_the_content_of_the_claim_decides) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  store->capabilities.if_absent = false;
  auto daemon = life(database, {store});
  database.insert();
  daemon->sync();
  catalog::Writer other;
  other.claim = other.instance = Uuid::make();
  other.host = "elsewhere";
  const std::string text = catalog::encode_writer(other);
  store->set("writers/00000001.json", Bytes(text.begin(), text.end()));
  std::this_thread::sleep_for(milliseconds(30));
  database.insert();
  BOOST_TEST((outcome(*daemon) == Code::kFenced));
  BOOST_TEST((*daemon)->status().replicas[0].error->message.find("elsewhere") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_idle_database_asks_nothing_and_a_busy_one_seldom) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  const auto asked = [&] {
    return store->calls(MemoryStore::Operation::kStat) +
           store->calls(MemoryStore::Operation::kList) + store->calls(MemoryStore::Operation::kGet);
  };
  auto idle = life(database, {store});
  database.insert();
  idle->sync();
  BOOST_TEST((*idle)->look_after_now(in(kPatience), Cancel()).has_value());  // looks once
  const int before = asked();
  std::this_thread::sleep_for(milliseconds(300));
  BOOST_TEST(asked() == before);
  BOOST_TEST(idle->stop().has_value());
  idle.reset();
  auto busy = life(database, {store}, [](DatabaseSettings& settings) {
    settings.writer_check = std::chrono::hours(1);
    settings.replicas[0].upkeep.merge.settled_bytes = 0;  // merging asks for its proofs
    settings.replicas[0].upkeep.prune.reset();
  });
  busy->sync();
  const int joined = asked();
  for (int i = 0; i < 20; ++i) {
    database.insert();
    busy->sync();
  }
  BOOST_TEST(asked() == joined);
}

BOOST_AUTO_TEST_CASE(the_object_of_another_writer_is_never_replaced_and_an_own_attempt_is) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  auto daemon = life(database, {store});
  daemon->sync();
  database.insert();
  daemon->sync();
  std::string own;
  for (const std::string& key : store->keys())
    if (key.find("/segments/") != std::string::npos) own = key;
  BOOST_REQUIRE(!own.empty());
  const Bytes first = store->content(own);
  Bytes foreign = first;
  segment::ObjectHeader header = *segment::decode_header(ByteView(first).first(256));
  header.instance = Uuid::make();
  const auto raw = segment::encode_header(header);
  std::copy(raw.begin(), raw.end(), foreign.begin());
  Fence fence("r0", std::chrono::hours(1), system_clock());
  catalog::Writer us;
  us.claim = Uuid::make();
  BOOST_REQUIRE(fence.claim(*store, 77, us, true, {}));
  FencedStore fenced(*store, fence);
  BOOST_TEST(fenced.put(own, MemorySource(first), {}, {}).has_value());  // again, as it is
  store->set(own, foreign);
  const auto refused = fenced.put(own, MemorySource(first), {}, {});
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == Code::kDiverged));
  BOOST_TEST((store->content(own) == foreign));
}

BOOST_AUTO_TEST_SUITE_END()
