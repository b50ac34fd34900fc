// What happens to the spool while an object is made of the pages that changed.
#include "replicate/catch_up.h"
#include "outage_scene.h"
#include "segment/checksum.h"
#include "segment/reader.h"

using namespace streamd;
using namespace streamd::replicate;

BOOST_AUTO_TEST_SUITE(catching_up)

// A delta knows which pages were dropped and is about to read them when a huge transaction is
// sealed and dropped at once, so that nothing in the spool tells of it.
BOOST_AUTO_TEST_CASE(what_is_dropped_while_a_delta_is_made_is_in_it) {
  LiveDatabase database;
  const std::string temporary = join_path(spool_folder(database), ".tmp-");
  std::atomic<bool> armed{false}, begun{false}, go_on{false};
  set_file_fault([&](FileOp operation, const std::string& path) {
    if (operation != FileOp::kOpen || !path.starts_with(temporary) || !armed.exchange(false))
      return 0;
    begun = true;
    while (!go_on) std::this_thread::sleep_for(milliseconds(1));
    return 0;
  });
  {
    const auto away = std::make_shared<AwayStore>();
    database.insert(3000, 1200);
    Daemon daemon(database, {away}, kDaily, kSpoolMax);
    const Txid before = daemon.sync();
    Moments moments;
    away->down = true;
    write_until_dropped(daemon, database, moments, before.next(), 0);
    be_over_with_sends(daemon, *away);
    armed = true;
    away->down = false;
    require(daemon->sync(in(kPatience), Cancel()));
    BOOST_TEST(comes([&] { return begun.load(); }));
    database.insert(3000, 1200);
    const Txid huge = require(daemon->sync(in(kPatience), Cancel()));
    BOOST_TEST(comes([&] { return daemon->status().replicas[0].dropped == huge; }));
    BOOST_TEST(comes([&] { return daemon->status().spool_bytes == 0; }));
    go_on = true;
    daemon.sync();
    BOOST_TEST((restored(*away, database) == database.image()));
    BOOST_TEST(away->count(".delta") == 1);
    BOOST_TEST(away->count(".snap") == 1);
    BOOST_TEST(comes([&] { return daemon->status().replicas[0].dropped == Txid{}; }));
    BOOST_TEST(daemon.stop().has_value());
  }
  set_file_fault({});
}

// Once it was set aside, no later object shows that it is missing.
BOOST_AUTO_TEST_CASE(the_newest_object_is_damaged_behind_the_dropped_ones) {
  LiveDatabase database;
  const auto away = std::make_shared<AwayStore>();
  database.insert(3000, 1200);
  Daemon daemon(database, {away}, kDaily, kSpoolMax);
  const Txid before = daemon.sync();
  Moments moments;
  away->down = true;
  write_until_dropped(daemon, database, moments, before.next(), 0);
  be_over_with_sends(daemon, *away);
  database.insert(10, 1200);
  note(daemon, database, moments);
  BOOST_REQUIRE(!spooled(database).empty());
  damage(spooled(database).back());
  away->down = false;
  daemon.sync();
  BOOST_TEST((restored(*away, database) == database.image()));
  BOOST_TEST(away->count(".delta") == 0);
  BOOST_TEST(away->count(".snap") == 2);
  check_every_moment(*away, database, moments);
  BOOST_TEST(comes([&] { return daemon->status().replicas[0].dropped == Txid{}; }));
  BOOST_TEST(daemon.stop().has_value());
}

// As for a `last` whose range was asked for before an object was sealed, sent and removed here.
BOOST_AUTO_TEST_CASE(an_object_that_has_left_the_spool_unread_is_missed) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  Daemon daemon(database, {store});
  const Txid before = daemon.sync();
  database.insert(10);
  BOOST_TEST((daemon.sync() > before));
  BOOST_REQUIRE(comes([&] { return daemon->status().spool_bytes == 0; }));
  state::Identity identity;
  identity.generation = daemon->status().generation;
  bool fixed = false;
  const Cancel never;
  CatchUp last(*daemon, identity, daemon->status().page_size, {before}, never,
               {segment::Completeness::kLast, 5, [&](Txid) { fixed = true; }});
  const auto made = last.make({});
  BOOST_REQUIRE(!made.has_value());
  BOOST_TEST((made.error().code == Code::kBusy), made.error().message);
  BOOST_TEST(!fixed);
  BOOST_TEST(daemon.stop().has_value());
}

// The reading has begun, of nothing as far as is known, when the last page of the database changes.
BOOST_AUTO_TEST_CASE(what_changes_while_it_is_made_is_in_it_to_the_last_page) {
  LiveDatabase database;
  const std::string temporary = join_path(spool_folder(database), ".tmp-");
  std::atomic<bool> armed{false};
  std::function<void()> meanwhile;
  set_file_fault([&](FileOp operation, const std::string& path) {
    if (operation == FileOp::kOpen && path.starts_with(temporary) && armed.exchange(false))
      meanwhile();
    return 0;
  });
  {
    const auto away = std::make_shared<AwayStore>();
    database.insert(20, 3000);  // a page each
    Daemon daemon(database, {away});
    const Txid before = daemon.sync();
    BOOST_REQUIRE(comes([&] { return daemon->status().spool_bytes == 0; }));
    away->down = true;
    meanwhile = [&] {
      database.run("UPDATE t SET b = randomblob(3000) WHERE id = 20");
      require(daemon->sync(in(kPatience), Cancel()));
    };
    armed = true;
    state::Identity identity;
    identity.generation = daemon->status().generation;
    const Cancel never;
    const std::uint32_t page_size = daemon->status().page_size;
    CatchUp delta(*daemon, identity, page_size, {before}, never);
    const auto pieces = require(delta.make({}));
    BOOST_TEST(!armed);
    const FileSource source = require(FileSource::over(pieces.front().file));
    const auto reader = require(segment::ObjectReader::open(source));
    const Bytes image = database.image();
    const auto last = static_cast<std::uint32_t>(image.size() / page_size);
    BOOST_REQUIRE(reader.index().page_hashes.size() == 1u);
    BOOST_TEST(reader.index().page_hashes[0].page.value == last);
    BOOST_TEST(reader.index().page_hashes[0].hash ==
               segment::page_hash(ByteView(image).last(page_size), PageNo(last), {}));
    away->down = false;
    BOOST_TEST(daemon.stop().has_value());
  }
  set_file_fault({});
}

BOOST_AUTO_TEST_SUITE_END()
