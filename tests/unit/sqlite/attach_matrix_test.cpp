// What was captured before is tied to what is there now, or the difference is noticed: never a
// silent hole.
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "follower.h"

namespace {

// Follows, writes, lets go; what the next life is told.
wal::Position followed_and_left(LiveDatabase& database, Follower& follower, bool handed_over) {
  database.insert(60);
  if (handed_over)
    follower.settle_down();
  else
    follower.check();
  const wal::Position last = follower.capture->position();
  follower.capture.reset();
  return last;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(attach_matrix)

BOOST_AUTO_TEST_CASE(a_log_that_goes_on_is_continued) {
  LiveDatabase database;
  database.insert(5);
  Follower follower(database);
  database.insert(3);
  follower.check();
  const wal::Position last = follower.capture->position();
  follower.capture.reset();
  database.insert(4);
  follower.attach(last);
  BOOST_TEST((follower.capture->continuity() == Continuity::kSameLog));
  follower.check();
  database.insert(2);
  follower.check();
}

BOOST_AUTO_TEST_CASE(one_restart_after_everything_was_captured_is_continued) {
  LiveDatabase database;
  database.insert(40);
  Follower follower(database);
  database.insert(60);
  follower.settle_down();
  const wal::Position last = follower.capture->position();
  follower.capture.reset();
  database.insert(1);  // restarts the log: it is fully backfilled and nobody holds it
  follower.attach(last);
  BOOST_TEST((follower.capture->continuity() == Continuity::kOneRestart));
  follower.check();
}

// It may be torn: which slot the attaching reader sits on is not known, and slot 0 does not keep
// the log from being overwritten.
BOOST_AUTO_TEST_CASE(a_wrong_checksum_met_while_attaching_is_never_taken_for_the_bug_of_sqlite) {
  LiveDatabase database;
  database.insert(5);
  Follower follower(database);
  database.insert(3);
  follower.check();
  const wal::Position last = follower.capture->position();
  follower.capture.reset();
  for (int i = 0; i < 4; ++i) database.insert(30);
  {
    std::fstream log(database.path() + "-wal", std::ios::in | std::ios::out | std::ios::binary);
    const std::uint64_t frame = wal::frame_offset(last.frame + 2, last.page_size);
    log.seekp(static_cast<std::streamoff>(frame + 16));  // its checksum
    log.write("\1\2\3\4\5\6\7\10", 8);
    BOOST_REQUIRE(log.good());
  }
  follower.attach(last);
  BOOST_TEST((follower.capture->continuity() == Continuity::kBroken));
  follower.check();
  database.insert(2);
  follower.check();
}

BOOST_AUTO_TEST_CASE(two_restarts_are_noticed) {
  LiveDatabase database;
  database.insert(40);
  Follower follower(database);
  follower.settle_down();
  const wal::Position last = follower.capture->position();
  follower.capture.reset();
  for (int i = 0; i < 2; ++i) {
    database.insert(1);
    database.run("PRAGMA wal_checkpoint(RESTART)");
  }
  database.insert(1);
  follower.attach(last);
  BOOST_TEST((follower.capture->continuity() == Continuity::kBroken));
  follower.check();
}

BOOST_AUTO_TEST_CASE(a_deleted_log_and_another_file_are_noticed) {
  LiveDatabase database;
  database.insert(10);
  Follower follower(database);
  follower.settle_down();
  wal::Position last = follower.capture->position();
  follower.capture.reset();
  database.close();  // the last close deletes the log
  BOOST_TEST(::access((database.path() + "-wal").c_str(), F_OK) != 0);
  database.open();
  database.insert(1);
  follower.attach(last);
  BOOST_TEST((follower.capture->continuity() == Continuity::kBroken));
  follower.check();
  last = follower.capture->position();
  follower.capture.reset();
  ++last.database_inode;
  follower.attach(last);
  BOOST_TEST((follower.capture->continuity() == Continuity::kBroken));
}

BOOST_AUTO_TEST_CASE(salts_of_zero_identify_nothing) {
  LiveDatabase database;
  database.close();
  database.open();  // an empty log, recovered: salts (0,0), frame 0
  Follower follower(database);
  const wal::Position last = follower.capture->position();
  BOOST_TEST(last.salts.none());
  follower.capture.reset();
  database.close();
  database.open();
  database.insert(3);
  database.close();
  database.open();
  follower.attach(last);
  BOOST_TEST((follower.capture->continuity() == Continuity::kBroken));
  follower.check();
}

BOOST_AUTO_TEST_CASE(an_emptied_log_is_followed_from_its_first_frame) {
  LiveDatabase database;
  database.insert(10);
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");  // salts that no header of the log shows yet
  Follower follower(database);
  BOOST_TEST(!follower.capture->position().salts.none());
  BOOST_TEST(follower.capture->position().frame == 0u);
  database.insert(3);
  follower.check();
  database.insert(3);
  follower.settle_down();
  follower.check();
  BOOST_TEST(follower.capture->stats().live_breaks == 0u);
}

BOOST_AUTO_TEST_CASE(an_emptied_log_is_continued_from_its_first_frame) {
  LiveDatabase database;
  database.insert(10);
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  Follower follower(database);
  const wal::Position last = follower.capture->position();
  follower.capture.reset();
  database.insert(5);
  follower.attach(last);
  BOOST_TEST((follower.capture->continuity() == Continuity::kSameLog));
  follower.check();
}

BOOST_AUTO_TEST_CASE(an_emptied_log_that_was_restarted_again_is_noticed) {
  LiveDatabase database;
  database.insert(10);
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  Follower follower(database);
  const wal::Position last = follower.capture->position();
  follower.capture.reset();
  database.insert(5);
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  database.insert(1);
  follower.attach(last);
  BOOST_TEST((follower.capture->continuity() == Continuity::kBroken));
  follower.check();
}

BOOST_AUTO_TEST_CASE(a_restart_after_commits_that_were_not_captured_is_noticed) {
  LiveDatabase database;
  Follower follower(database);
  const wal::Position last = followed_and_left(database, follower, false);
  database.insert(30);  // behind what was captured
  database.run("PRAGMA wal_checkpoint(PASSIVE)");
  database.insert(1);  // restarts the log
  follower.attach(last);
  BOOST_TEST((follower.capture->continuity() == Continuity::kBroken));
  follower.check();
}

// journal_size_limit cuts the log file where a restart finds it, possibly right behind our last
// frame: then nothing stands there although commits did.
BOOST_AUTO_TEST_CASE(a_log_cut_right_behind_the_last_captured_frame_hides_no_commit) {
  LiveDatabase database;
  Follower follower(database);
  const wal::Position last = followed_and_left(database, follower, false);
  database.run("PRAGMA journal_size_limit=" +
               std::to_string(wal::frame_offset(last.frame + 1, last.page_size)));
  database.insert(30);
  database.run("PRAGMA wal_checkpoint(PASSIVE)");
  database.insert(1);
  follower.attach(last);
  BOOST_TEST((follower.capture->continuity() == Continuity::kBroken));
  follower.check();
}

// A power cut with synchronous=NORMAL: the log has lost its end, the index is gone.
BOOST_AUTO_TEST_CASE(a_log_that_lost_its_end_is_noticed) {
  LiveDatabase database;
  Follower follower(database);
  const wal::Position last = followed_and_left(database, follower, false);
  for (const bool another_commit : {false, true}) {
    database.lose_power(wal::frame_offset(last.frame / 2, last.page_size));
    if (another_commit) database.insert(90);  // longer than what was captured
    follower.attach(last);
    BOOST_TEST((follower.capture->continuity() == Continuity::kBroken));
    follower.check();
    follower.capture.reset();
  }
}

BOOST_AUTO_TEST_CASE(another_page_size_is_noticed) {
  LiveDatabase database;
  Follower follower(database);
  const wal::Position last = followed_and_left(database, follower, true);
  database.run(
      "PRAGMA journal_mode=DELETE; PRAGMA page_size=1024; VACUUM; PRAGMA journal_mode=WAL");
  database.insert(1);
  follower.attach(last);
  BOOST_TEST((follower.capture->continuity() == Continuity::kBroken));
  BOOST_TEST(follower.capture->position().page_size == 1024u);
  follower.sink.open.clear();
  follower.sink.begin_at(*follower.capture);
  follower.check();
}

BOOST_AUTO_TEST_CASE(a_time_without_write_ahead_log_is_noticed) {
  LiveDatabase database;
  Follower follower(database);
  const wal::Position last = followed_and_left(database, follower, true);
  database.run("PRAGMA journal_mode=DELETE");
  database.insert(5);
  database.run("PRAGMA journal_mode=WAL");
  for (const bool written : {false, true}) {
    if (written) database.insert(1);
    follower.attach(last);
    BOOST_TEST((follower.capture->continuity() == Continuity::kBroken));
    follower.check();
    follower.capture.reset();
  }
}

// An application that empties the log while the pages are being compared: slot 0 lets it.
BOOST_AUTO_TEST_CASE(a_log_emptied_during_the_comparison_is_no_failure) {
  LiveDatabase database;
  database.insert(10);
  database.run("PRAGMA wal_checkpoint(PASSIVE)");
  Follower follower(database, {}, [&] { database.run("PRAGMA wal_checkpoint(TRUNCATE)"); });
  database.insert(2);
  follower.check();
  BOOST_TEST(follower.capture->stats().live_breaks == 0u);
}

BOOST_AUTO_TEST_CASE(commits_during_the_comparison_arrive) {
  for (const bool backfilled : {false, true}) {
    LiveDatabase database;
    database.insert(10);
    if (backfilled) database.run("PRAGMA wal_checkpoint(PASSIVE)");
    Follower follower(database, {}, [&] {
      for (int i = 0; i < 3; ++i) database.insert(20);
    });
    BOOST_TEST(follower.sink.commits == 3);
    follower.check();
    BOOST_TEST(follower.capture->stats().live_breaks == 0u);
  }
}

BOOST_AUTO_TEST_SUITE_END()
