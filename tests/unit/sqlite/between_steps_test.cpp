// Another process acts between two steps of ours: inside SQLite (points.h), or while the sink has
// what was captured.
#include <boost/test/unit_test.hpp>
#include <fstream>

#include "application.h"
#include "follower.h"
#include "kernel_locks.h"
#include "points.h"
#include "wal/encode.h"

namespace {

struct InstallPoints {
  InstallPoints() { points::install(); }
};

// Not handed over, and nothing is backfilled but what was there before. Locks of this process are
// the follower's alone.
struct Scene {
  Scene() {
    database.run("CREATE TABLE u(id INTEGER PRIMARY KEY, b BLOB)");
    database.close();
    application = std::make_unique<Application>(database.path());
    application->sql("PRAGMA wal_autocheckpoint=0");
    commit();
    change();
  }
  void commit() { application->sql("INSERT INTO t(b) VALUES(randomblob(3000))"); }
  // Always the same page, which commit() does not touch.
  void change() { application->sql("REPLACE INTO u VALUES(1, randomblob(300))"); }
  void backfill() { BOOST_TEST(application->run("checkpoint PASSIVE").code == SQLITE_OK); }
  void follow(const Follower::Hook& meanwhile = {}) {
    follower = std::make_unique<Follower>(database, wal::Position{}, meanwhile);
  }
  // Pinned in a log of which nothing is backfilled: the database file has what was before it.
  void follow_and_pin() {
    follow();
    follower->settle_down();
    commit();
    follower->step();
    BOOST_REQUIRE(!follower->capture->handed_over());
    past = follower->sink.open;
  }
  // So long that the next step moves the pin and hands the log over.
  static void pause() { std::this_thread::sleep_for(quick_policy().quiet + milliseconds(10)); }
  // What the pages of the open run were before it is what was captured before it.
  void check_past() {
    Bytes page(follower->capture->position().page_size);
    for (std::size_t at = 0; at < past.size(); at += page.size()) {
      const PageNo number(static_cast<std::uint32_t>(at / page.size() + 1));
      const ByteView before = ByteView(past).subspan(at, page.size());
      const ByteView now = ByteView(follower->sink.open).subspan(at, page.size());
      if (std::equal(before.begin(), before.end(), now.begin())) continue;
      BOOST_REQUIRE(follower->capture->read_past_page(number, page));
      BOOST_TEST(std::equal(page.begin(), page.end(), before.begin()), "page " << number.value);
      ++pages_checked;
    }
  }
  void check() {
    database.open();
    follower->check();
    database.close();
    BOOST_TEST(follower->capture->stats().live_breaks == 0u);
  }
  LiveDatabase database;
  std::unique_ptr<Application> application;
  std::unique_ptr<Follower> follower;
  Bytes past;  // the database before the open run
  int pages_checked = 0;
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(InstallPoints);

BOOST_AUTO_TEST_SUITE(between_steps)

// A pin is about to be taken when another process backfills the log to its end: the pin lands on
// slot 0, which keeps nobody from restarting the log.
BOOST_AUTO_TEST_CASE(a_pin_that_landed_on_slot_0_is_not_relied_on) {
  Scene scene;
  bool backfilled = false;
  scene.follow([&] {
    points::arm(points::Point::kIndexHeader, [&] {
      scene.backfill();
      backfilled = true;
    });
  });
  BOOST_REQUIRE(backfilled);
  for (int i = 0; i < 3; ++i) {
    scene.commit();
    scene.follower->step();
  }
  scene.check();
}

// A commit after our look and before the snapshot: a pin that is newer than what is known of it
// lets checkpoints write over pages that are still needed.
BOOST_AUTO_TEST_CASE(a_snapshot_is_what_the_index_says_before_and_after_it) {
  Scene scene;
  scene.follow_and_pin();
  scene.commit();
  scene.follower->step();
  bool changed = false;
  const auto look = [&] {
    scene.check_past();
    scene.past = scene.follower->sink.open;
  };
  scene.follower->sink.before_run_closed = scene.follower->sink.before_durable = look;
  Scene::pause();
  points::arm(points::Point::kIndexHeader, [&] {
    scene.change();
    changed = true;
  });
  scene.follower->step();
  BOOST_REQUIRE(changed);
  BOOST_TEST(scene.pages_checked > 0);
  scene.check();
}

// A checkpoint may go as far as the oldest pin: until the new log is read, that is the old one.
BOOST_AUTO_TEST_CASE(the_old_pin_stays_until_what_is_behind_it_was_read) {
  Scene scene;
  scene.follow_and_pin();
  scene.change();
  scene.follower->step();
  scene.follower->sink.before_run_closed = [&] {
    scene.backfill();
    scene.check_past();
  };
  Scene::pause();
  scene.follower->step();
  BOOST_TEST(scene.pages_checked > 0);
  BOOST_TEST(scene.follower->capture->stats().hops == 1u);
  scene.follower->sink.before_run_closed = {};
  scene.check();
}

BOOST_AUTO_TEST_CASE(a_sink_that_succeeds_and_does_not_say_durable_keeps_the_log) {
  Scene scene;
  scene.follow_and_pin();
  scene.follower->sink.says_nothing = true;
  for (int i = 0; i < 30; ++i) {
    scene.follower->step();
    BOOST_REQUIRE(!scene.follower->capture->handed_over());
    std::this_thread::sleep_for(milliseconds(2));
  }
  scene.follower->sink.says_nothing = false;
  scene.follower->settle_down();
  scene.check();
}

// Somebody writes into the log past SQLite: the position stays where what was captured ends.
BOOST_AUTO_TEST_CASE(a_new_log_with_the_header_of_another_is_not_begun) {
  for (const bool intact : {false, true}) {
    Scene scene;
    scene.follow();
    scene.follower->settle_down();
    const wal::Position before = scene.follower->capture->position();
    scene.commit();  // restarts the log
    wal::Position other = before;
    auto header = wal::begin_log(other, wal::Salts{{1, 2, 3, 4, 5, 6, 7, 8}});
    if (!intact) header.back() ^= 1;
    std::fstream log(scene.database.path() + "-wal",
                     std::ios::in | std::ios::out | std::ios::binary);
    log.write(reinterpret_cast<const char*>(header.data()), header.size());
    log.close();
    BOOST_REQUIRE(log.good());
    const auto stepped = scene.follower->capture->step();
    BOOST_REQUIRE(!stepped.has_value());
    BOOST_TEST((stepped.error().code == Code::kInternal));
    BOOST_TEST((scene.follower->capture->position() == before));
    BOOST_TEST((scene.follower->capture->durable_position() == before));
  }
}

// At rest another connection holds it: there is no instant in which neither does.
BOOST_AUTO_TEST_CASE(slot_0_is_held_all_the_time_while_a_session_falls_asleep) {
  Scene scene;
  const auto opened = sqlite::Session::open(scene.database.path(), false);
  require(opened);
  sqlite::Session& session = **opened;
  BOOST_REQUIRE(session.lock_holder().lock_shared(sqlite::IndexLock::kRead0));
  int looks = 0;
  const std::function<void()> look = [&] {
    ++looks;
    BOOST_TEST(kernel::index_bytes(scene.database.path()).contains(kernel::kSlot0Byte));
    points::arm(points::Point::kIndexLock, look);
  };
  look();
  BOOST_TEST(session.rest().has_value());
  points::arm(points::Point::kNone, {});
  BOOST_TEST(looks > 2);
  BOOST_TEST(kernel::index_bytes(scene.database.path()).contains(kernel::kSlot0Byte));
}

BOOST_AUTO_TEST_SUITE_END()
