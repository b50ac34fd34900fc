// The daemon ends as the last who has the database open: no log stays that SQLite could take for
// another file's, and the next life knows whether anything happened since.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>

#include "application.h"
#include "follower.h"

namespace {

const char* const kInsert = "INSERT INTO t(b) VALUES(randomblob(3000))";

struct Scene {
  Scene() {
    database.close();
    work(3);
    follower = std::make_unique<Follower>(database);
  }
  // A life of an application that opens, commits and closes.
  void work(int commits) {
    Application application(database.path());
    for (int i = 0; i < commits; ++i) application.sql(kInsert);
    BOOST_TEST(application.run("close").code == 0);
    application.kill();
  }
  bool log_exists() const { return std::filesystem::exists(database.path() + "-wal"); }
  void leave() {
    last = follower->capture->position();
    const auto found = follower->capture->leave();
    require(found);
    left = *found;
    follower->capture.reset();
  }
  Continuity come_back() {
    auto attached = Capture::attach(database.path(), last, follower->sink, follower->policy,
                                    system_clock(), left);
    require(attached);
    follower->capture = std::move(*attached);
    const Continuity continuity = follower->capture->continuity();
    if (continuity == Continuity::kBroken) follower->sink.begin_at(*follower->capture);
    require(follower->capture->settle());
    return continuity;
  }
  void check() {
    database.open();
    follower->check();
    database.close();
  }
  LiveDatabase database;
  std::unique_ptr<Follower> follower;
  wal::Position last;
  std::optional<FileIdentity> left;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(leaving)

BOOST_AUTO_TEST_CASE(alone_it_leaves_the_database_file_alone_behind_and_continues) {
  for (const bool rested : {false, true}) {
    Scene scene;
    scene.work(2);
    scene.follower->catch_up();
    for (int i = 0; rested && i < 5000 && !scene.follower->capture->handed_over(); ++i)
      scene.follower->step();
    scene.leave();
    BOOST_TEST(scene.left.has_value());
    BOOST_TEST(!scene.log_exists());
    BOOST_TEST(!std::filesystem::exists(scene.database.path() + "-shm"));
    for (int life = 0; life < 2; ++life) {
      BOOST_TEST((scene.come_back() == Continuity::kSameLog));
      scene.follower->capture.reset();  // killed before anything was committed
    }
    BOOST_TEST((scene.come_back() == Continuity::kSameLog));
    scene.work(2);
    scene.check();
  }
}

BOOST_AUTO_TEST_CASE(commits_before_it_came_back_are_all_captured_while_they_are_in_the_log) {
  Scene scene;
  scene.leave();
  Application application(scene.database.path());
  application.sql("PRAGMA wal_autocheckpoint=0");
  for (int i = 0; i < 5; ++i) application.sql(kInsert);
  const int before = scene.follower->sink.commits;
  BOOST_TEST((scene.come_back() == Continuity::kOneRestart));
  scene.follower->catch_up();
  BOOST_TEST(scene.follower->sink.commits == before + 5);
  application.run("close");
  scene.check();
}

BOOST_AUTO_TEST_CASE(a_file_that_was_written_a_while_ago_is_not_kept_from_applications) {
  auto quickest = std::chrono::steady_clock::duration::max();
  for (int i = 0; i < 10; ++i) {  // the machine may be busy
    Scene scene;
    scene.follower->settle_down();
    std::this_thread::sleep_for(milliseconds(25));
    const auto began = std::chrono::steady_clock::now();
    scene.leave();
    quickest = std::min(quickest, std::chrono::steady_clock::now() - began);
    BOOST_TEST(scene.left.has_value());
  }
  BOOST_TEST((quickest < milliseconds(15)));
}

// Whatever is written from now on must show another time, and the file system's clock may be as
// coarse as that.
BOOST_AUTO_TEST_CASE(a_file_that_was_just_written_is_left_when_its_clock_has_moved_on) {
  using std::chrono::nanoseconds;
  for (int i = 0; i < 10; ++i) {
    Scene scene;
    scene.work(1);
    scene.leave();
    BOOST_REQUIRE(scene.left.has_value());
    const nanoseconds now = std::chrono::system_clock::now().time_since_epoch();
    BOOST_TEST((now - nanoseconds(scene.left->mtime_ns) >= milliseconds(20)));
  }
}

BOOST_AUTO_TEST_CASE(a_life_that_ended_meanwhile_is_noticed) {
  Scene scene;
  scene.leave();
  scene.work(1);  // its close writes the database file
  BOOST_TEST((scene.come_back() == Continuity::kBroken));
  scene.check();
}

BOOST_AUTO_TEST_CASE(a_life_that_ended_and_another_one_are_noticed) {
  Scene scene;
  scene.leave();
  scene.work(1);
  Application application(scene.database.path());
  application.sql(kInsert);
  BOOST_TEST((scene.come_back() == Continuity::kBroken));
  application.run("close");
  scene.check();
}

BOOST_AUTO_TEST_CASE(a_log_that_was_restarted_meanwhile_is_noticed) {
  Scene scene;
  scene.leave();
  Application application(scene.database.path());
  application.sql(kInsert);
  BOOST_TEST(application.run("checkpoint RESTART").code == 0);
  application.sql(kInsert);
  BOOST_TEST((scene.come_back() == Continuity::kBroken));
  application.run("close");
  scene.check();
}

BOOST_AUTO_TEST_CASE(another_file_in_its_place_is_seen_as_it_is) {
  Scene scene;
  scene.leave();
  const std::string copy = scene.database.folder_file("copy.db");
  std::filesystem::copy_file(scene.database.path(), copy);
  std::filesystem::rename(copy, scene.database.path());
  BOOST_TEST((scene.come_back() == Continuity::kBroken));
  scene.check();
}

BOOST_AUTO_TEST_CASE(an_application_that_has_it_open_keeps_its_log) {
  Scene scene;
  Application application(scene.database.path());
  application.sql(kInsert);
  scene.follower->catch_up();
  scene.leave();
  BOOST_TEST(!scene.left.has_value());
  BOOST_TEST(scene.log_exists());
  application.sql(kInsert);
  BOOST_TEST((scene.come_back() != Continuity::kBroken));
  application.run("close");
  scene.check();
}

BOOST_AUTO_TEST_CASE(what_the_sink_does_not_take_stays_in_the_log) {
  Scene scene;
  scene.work(1);
  scene.follower->catch_up();
  require(scene.follower->capture->make_durable());
  scene.work(1);
  scene.follower->sink.refuse_durable = true;
  scene.last = scene.follower->capture->durable_position();
  const auto left = scene.follower->capture->leave();
  BOOST_TEST((!left || !*left));
  scene.follower->capture.reset();
  BOOST_TEST(scene.log_exists());
  scene.follower->sink.refuse_durable = false;
  BOOST_TEST((scene.come_back() != Continuity::kBroken));
  scene.check();
}

// Opening and closing all the time, while we leave and come back.
BOOST_AUTO_TEST_CASE(applications_that_come_and_go_while_it_leaves_lose_nothing) {
  Scene scene;
  int alone = 0, compared = 0;
  Application application(scene.database.path());
  application.run("timeout 10000");
  for (int round = 0; round < 150; ++round) {
    application.run("open");
    application.run("timeout 10000");
    application.sql(kInsert);
    application.start("close");
    scene.follower->catch_up();
    scene.leave();
    application.finish();
    alone += scene.left ? 1 : 0;
    compared += scene.come_back() == Continuity::kBroken ? 1 : 0;
  }
  BOOST_TEST_MESSAGE("left alone " << alone << ", compared " << compared);
  scene.check();
}

BOOST_AUTO_TEST_SUITE_END()
