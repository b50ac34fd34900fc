// An application's own FULL, RESTART or TRUNCATE waits for our read mark with the write lock in its
// hands: we move out of its way, so that neither it nor the other writers stand still.
#include <boost/test/unit_test.hpp>

#include "application.h"
#include "follower.h"

namespace {

struct Load {
  Load() {
    database.close();
    checkpointer = std::make_unique<Application>(database.path());
    writer = std::make_unique<Application>(database.path());
    checkpointer->sql("INSERT INTO t(b) VALUES(zeroblob(100))");
    writer->run("timeout 60000");
    writer->sql("PRAGMA wal_autocheckpoint=0");
    follower = std::make_unique<Follower>(database);
  }
  // The checkpoint's answer, and what the other writer noticed meanwhile.
  std::pair<Application::Reply, Application::Reply> checkpoint(const std::string& mode,
                                                               int timeout) {
    checkpointer->run("timeout " + std::to_string(timeout));
    writer->start("write 5000");
    std::this_thread::sleep_for(milliseconds(60));  // some commits to wait for
    const Application::Reply answer = checkpointer->run("checkpoint " + mode);
    writer->start("stop");
    return {answer, writer->finish()};
  }
  void check() {
    database.open();
    follower->check();
    database.close();
    BOOST_TEST(follower->capture->stats().live_breaks == 0u);
  }
  LiveDatabase database;
  std::unique_ptr<Application> checkpointer, writer;
  std::unique_ptr<Follower> follower;
};

bool nobody_was_refused(const Application::Reply& wrote) {
  return wrote.text.ends_with(" 0 0");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(waiters)

BOOST_AUTO_TEST_CASE(
    with_three_seconds_of_patience_a_checkpoint_succeeds_and_stalls_no_writer_so_long) {
  Load load;
  for (const std::string mode : {"FULL", "RESTART", "TRUNCATE"}) {
    bool served = false;
    for (int attempt = 0; attempt < 10 && !served; ++attempt) {  // the machine may stand still
      FollowingThread following(*load.follower);
      const auto [answer, wrote] = load.checkpoint(mode, 3000);
      following.stop();
      BOOST_TEST(nobody_was_refused(wrote), wrote.text);
      BOOST_TEST_MESSAGE(mode << ": code " << answer.code << " in " << answer.ms
                              << " ms, longest commit of the other writer " << wrote.ms << " ms");
      served = answer.code == SQLITE_OK && answer.ms < 3000 && wrote.ms < 3000;
    }
    BOOST_TEST(served, mode);
    load.check();
  }
}

BOOST_AUTO_TEST_CASE(with_little_or_no_patience_a_checkpoint_may_be_refused_but_harms_nobody) {
  Load load;
  for (const int timeout : {0, 100})
    for (const std::string mode : {"FULL", "RESTART", "TRUNCATE"})
      for (int attempt = 0; attempt < 5; ++attempt) {
        FollowingThread following(*load.follower);
        const auto [answer, wrote] = load.checkpoint(mode, timeout);
        following.stop();
        BOOST_TEST((answer.code == SQLITE_OK || answer.code == SQLITE_BUSY), answer.code);
        BOOST_TEST(nobody_was_refused(wrote), wrote.text);
        load.check();
      }
}

// What would happen if we did not move: the caller's whole patience, for every writer.
BOOST_AUTO_TEST_CASE(a_pin_that_never_moved_would_stall_every_writer_for_the_callers_patience) {
  Load load;
  load.writer->sql("INSERT INTO t(b) VALUES(zeroblob(100))");
  load.follower->catch_up();
  BOOST_REQUIRE(!load.follower->capture->handed_over());  // pinned before what comes next
  for (const std::string mode : {"FULL", "RESTART", "TRUNCATE"}) {
    bool stalled = false;
    for (int attempt = 0; attempt < 10 && !stalled;
         ++attempt) {  // it must win the write lock first
      const auto [answer, wrote] = load.checkpoint(mode, 2000);
      BOOST_TEST(answer.code == SQLITE_BUSY);
      stalled = wrote.ms > 1000;
    }
    BOOST_TEST(stalled, mode);
  }
}

// A checkpoint reads the mark of each read lock once and then waits for the lock itself. When we
// took that lock in between, its mark is as new as can be, and another read transaction would land
// on the same lock.
BOOST_AUTO_TEST_CASE(a_checkpoint_that_waits_for_a_lock_whose_mark_was_renewed_is_served) {
  constexpr int kMarks = 100, kSlots = 5;  // where they stand in the index
  for (const std::string mode : {"FULL", "RESTART", "TRUNCATE"}) {
    LiveDatabase database;
    Follower follower(database);
    follower.settle_down();
    Application checkpointer(database.path()), index(database.path());
    checkpointer.run("timeout 3000");
    checkpointer.sql("SELECT max(id) FROM t");  // before that it does not know that there is a log
    index.sql("INSERT INTO t(b) VALUES(zeroblob(30000))");
    follower.step();  // pinned at the end of the log
    BOOST_REQUIRE(!follower.capture->handed_over());
    const std::string newest = std::to_string(follower.capture->position().frame);
    int slot = 1;
    const auto mark = [&slot] { return std::to_string(kMarks + 4 * slot); };
    while (slot < kSlots && index.run("peek " + mark()).text != newest) ++slot;
    BOOST_REQUIRE(slot < kSlots);
    index.run("poke " + mark() + " 1");
    checkpointer.start("checkpoint " + mode);
    std::this_thread::sleep_for(milliseconds(200));
    index.run("poke " + mark() + " " + newest);
    FollowingThread following(follower);
    const Application::Reply answer = checkpointer.finish();
    following.stop();
    BOOST_TEST_MESSAGE(mode << ": code " << answer.code << " in " << answer.ms << " ms");
    BOOST_TEST(answer.code == SQLITE_OK, mode);
    index.sql("INSERT INTO t(b) VALUES(zeroblob(100))");
    follower.check();
    BOOST_TEST(follower.capture->stats().live_breaks == 0u);
  }
}

// A PASSIVE checkpoint holds the checkpoint lock alone: moving for each of an application's
// automatic checkpoints would cost it a sync of the database every time. Another process that
// writes meanwhile does not wait for us either.
BOOST_AUTO_TEST_CASE(a_passive_checkpoint_is_not_answered) {
  for (const bool another_writes : {false, true}) {
    Load load;
    load.writer->sql("INSERT INTO t(b) VALUES(zeroblob(100))");
    load.checkpointer->run("wait checkpoint-begun");
    load.checkpointer->start("checkpoint PASSIVE");
    load.checkpointer->reached();
    if (another_writes) load.writer->sql("BEGIN IMMEDIATE");
    for (int i = 0; i < 30; ++i) {
      load.follower->step();
      std::this_thread::sleep_for(milliseconds(1));
    }
    BOOST_TEST(load.follower->capture->stats().waiter_hops == 0u);
    if (another_writes) load.writer->sql("COMMIT");
    load.checkpointer->go_on();
    BOOST_TEST(load.checkpointer->finish().code == SQLITE_OK);
    load.check();
  }
}

BOOST_AUTO_TEST_SUITE_END()
