#include <boost/test/unit_test.hpp>

#include "follower.h"

BOOST_AUTO_TEST_SUITE(capture)

BOOST_AUTO_TEST_CASE(every_commit_arrives_for_every_page_size) {
  for (const std::uint32_t page_size : {512u, 1024u, 4096u, 65536u}) {
    LiveDatabase database(page_size);
    Follower follower(database);
    for (int i = 0; i < 30; ++i) {
      database.insert(1 + i % 7, 100 * (i % 40));
      if (i == 10) database.run("DELETE FROM t WHERE id % 2 = 0");
      if (i == 15) database.run("VACUUM");
      if (i == 20) database.run("CREATE TABLE u(a); DROP TABLE u");
      if (i % 6 == 5) follower.settle_down();  // the next write restarts the log
      follower.check();
    }
    BOOST_TEST(follower.sink.commits >= 30);
    BOOST_TEST(follower.sink.times_in_order);
    BOOST_TEST(follower.capture->stats().live_breaks == 0u);
    BOOST_TEST(follower.capture->stats().optimistic_resets >= 4u);
  }
}

BOOST_AUTO_TEST_CASE(rolled_back_and_spilled_transactions_leave_no_trace) {
  LiveDatabase database;
  Follower follower(database);
  database.run("PRAGMA cache_size=10");
  database.run("BEGIN");
  database.insert(500);
  database.run("SAVEPOINT s");
  database.insert(500);
  database.run("ROLLBACK TO s");
  follower.step();
  BOOST_TEST(follower.sink.commits == 0);
  database.run("COMMIT");
  follower.check();
  BOOST_TEST(follower.sink.commits == 1);
  database.run("BEGIN");
  database.insert(500);
  database.run("ROLLBACK");
  follower.check();
  BOOST_TEST(follower.sink.commits == 1);
}

BOOST_AUTO_TEST_CASE(nothing_is_written_into_the_database) {
  LiveDatabase database;
  database.insert(50);
  const Bytes before = database.image();
  {
    Follower follower(database);
    follower.settle_down();
  }
  BOOST_TEST((database.image() == before));
}

BOOST_AUTO_TEST_CASE(a_sink_that_fails_gets_the_frames_again) {
  LiveDatabase database;
  Follower follower(database);
  for (const bool handed_over : {false, true}) {
    if (handed_over) follower.settle_down();
    database.insert(30);
    database.insert(30);
    follower.sink.fail_after = 5;
    const auto failed = follower.capture->catch_up();
    BOOST_REQUIRE(!failed.has_value());
    BOOST_TEST((failed.error().code == Code::kNoSpace));
    follower.check();
  }
  BOOST_TEST(follower.sink.discards >= 2);
  BOOST_TEST(follower.capture->stats().live_breaks == 0u);
}

// Each read of the log fails once, in a run of its own: the frames are read again later.
BOOST_AUTO_TEST_CASE(any_failed_read_of_the_log_heals) {
  int reads = 0;
  for (int failing = 1, met = 1; met != 0; ++failing) {
    LiveDatabase database;
    Follower follower(database);
    reads = met = 0;
    set_file_fault([&](FileOp operation, const std::string& path) {
      if (operation != FileOp::kRead || !path.ends_with("-wal")) return 0;
      met += ++reads == failing;
      return reads == failing ? EIO : 0;
    });
    for (int round = 0; round < 3; ++round) {
      database.insert(100);
      if (round > 0) database.run("PRAGMA wal_checkpoint(PASSIVE)");
      follower.settle_down_patiently();
    }
    set_file_fault({});
    BOOST_TEST_CONTEXT("read " << failing) {
      follower.check();
      BOOST_TEST(follower.capture->stats().live_breaks == 0u);
    }
  }
  BOOST_TEST(reads > 4);
}

BOOST_AUTO_TEST_CASE(nothing_is_handed_over_before_it_is_durable) {
  LiveDatabase database;
  Follower follower(database);
  database.insert(10);
  follower.catch_up();
  follower.sink.refuse_durable = true;
  const auto until = std::chrono::steady_clock::now() + milliseconds(150);
  while (std::chrono::steady_clock::now() < until) {
    const auto stepped = follower.capture->step();
    BOOST_TEST((stepped || stepped.error().code == Code::kNoSpace));
    BOOST_TEST(!follower.capture->handed_over());
    std::this_thread::sleep_for(milliseconds(2));
  }
  follower.sink.refuse_durable = false;
  follower.settle_down();
  follower.check();
}

BOOST_AUTO_TEST_CASE(a_replaced_database_is_seen) {
  LiveDatabase database;
  Follower follower(database);
  BOOST_TEST(!follower.capture->replaced().value());
  BOOST_REQUIRE(::rename(database.path().c_str(), database.folder_file("moved").c_str()) == 0);
  BOOST_TEST(follower.capture->replaced().value());
  BOOST_REQUIRE(::rename(database.folder_file("moved").c_str(), database.path().c_str()) == 0);
  BOOST_TEST(!follower.capture->replaced().value());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_followed_is_said) {
  LiveDatabase database;
  ImageSink sink;
  const auto attach = [&](const std::string& path) {
    return Capture::attach(path, {}, sink, CapturePolicy{}, system_clock());
  };
  BOOST_TEST((attach(database.folder_file("none.db")).error().code == Code::kNotFound));
  BOOST_TEST((attach(database.folder()).error().code == Code::kInvalidConfig));
  database.run("PRAGMA journal_mode=DELETE");
  const auto not_wal = attach(database.path());
  BOOST_REQUIRE(!not_wal.has_value());
  BOOST_TEST((not_wal.error().code == Code::kNotWal));
  BOOST_TEST(!not_wal.error().hint.empty());
}

BOOST_AUTO_TEST_SUITE_END()
