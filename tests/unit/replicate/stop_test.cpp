#include <boost/test/unit_test.hpp>
#include <thread>

#include "daemon_life.h"

using namespace streamd;
using namespace streamd::replicate;

BOOST_AUTO_TEST_SUITE(pipeline_stop)

// Whatever it is doing at that moment: nothing was promised yet, or it is sent.
BOOST_AUTO_TEST_CASE(a_stop_while_it_begins_is_no_failure) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  for (int i = 0; i < 40; ++i) {
    database.insert(1);
    Daemon daemon(database, {store});
    std::this_thread::sleep_for(std::chrono::microseconds(500 * i));
    const Status stopped = daemon.stop();
    BOOST_TEST(stopped.has_value(), i << ": " << (stopped ? "" : stopped.error().message));
  }
  Daemon daemon(database, {store});
  daemon.sync();
  BOOST_TEST((restored(*store, database) == database.image()));
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

// Otherwise a power cut between the two would cost a new generation.
BOOST_AUTO_TEST_CASE(the_ledger_is_durable_before_each_position_that_counts_on_it) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  std::atomic<bool> dirty{false};
  std::atomic<int> positions{0}, early{0};
  set_file_fault([&](FileOp operation, const std::string& path) {
    if (path.ends_with("/ledger") && operation == FileOp::kWrite) dirty = true;
    if (path.ends_with("/ledger") && operation == FileOp::kSync) dirty = false;
    if (operation != FileOp::kWrite || path.find("/position") == std::string::npos) return 0;
    ++positions;
    early += dirty ? 1 : 0;
    return 0;
  });
  {
    Daemon daemon(database, {store});
    database.insert(100);
    daemon.sync();
    BOOST_TEST(daemon.stop().has_value());
    BOOST_TEST(daemon->status().spool_bytes == 0u);  // and nothing stays that all have
  }
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  database.insert(100);
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  {
    Daemon daemon(database, {store});  // compares
    daemon.sync();
  }
  set_file_fault({});
  BOOST_TEST(positions >= 3);
  BOOST_TEST(early == 0);
  BOOST_TEST((restored(*store, database) == database.image()));
}

BOOST_AUTO_TEST_SUITE_END()
