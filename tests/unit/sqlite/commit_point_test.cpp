// What is committed is what the index says: a writer that dies on its way there leaves nothing, or
// its commit, but never what it had not committed.
#include <boost/test/unit_test.hpp>

#include "application.h"
#include "follower.h"

namespace {

const char* const kInsert = "sql INSERT INTO t(b) VALUES(randomblob(2000))";

struct Scene {
  Scene() {
    database.close();
    application = std::make_unique<Application>(database.path());
    application->sql("INSERT INTO t(b) VALUES(randomblob(2000))");
    follower = std::make_unique<Follower>(database);
  }
  void bring_to(bool handed_over) {
    if (handed_over) return follower->settle_down();
    insert();
    follower->catch_up();
    BOOST_REQUIRE(!follower->capture->handed_over());
  }
  void insert() { application->sql("INSERT INTO t(b) VALUES(randomblob(2000))"); }
  void die_at(const std::string& point) {
    application->run("die " + point);
    application->start(kInsert);
    BOOST_TEST(application->wait_for_death());
    application = std::make_unique<Application>(database.path());
  }
  // The next writer overwrites what the dead one left, or builds on it.
  void go_on_and_check() {
    for (int i = 0; i < 3; ++i) {
      insert();
      follower->step();
    }
    database.open();
    follower->check();
    database.close();
    BOOST_TEST(follower->capture->stats().live_breaks == 0u);
  }
  LiveDatabase database;
  std::unique_ptr<Application> application;
  std::unique_ptr<Follower> follower;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(commit_point)

BOOST_AUTO_TEST_CASE(a_commit_that_the_index_never_knew_is_not_captured) {
  for (const bool handed_over : {false, true}) {
    Scene scene;
    scene.bring_to(handed_over);
    const int commits = scene.follower->sink.commits;
    scene.die_at("commit-frame");
    for (int i = 0; i < 20; ++i) scene.follower->step();
    scene.follower->catch_up();
    BOOST_TEST(scene.follower->sink.commits == commits);
    scene.go_on_and_check();
  }
}

BOOST_AUTO_TEST_CASE(a_header_torn_by_a_dying_writer_is_repaired_without_a_break) {
  for (const bool handed_over : {false, true}) {
    Scene scene;
    scene.bring_to(handed_over);
    const int commits = scene.follower->sink.commits;
    scene.die_at("torn-header");
    for (int i = 0; i < 20; ++i) scene.follower->step();
    scene.follower->catch_up();
    // Recovery finds the commit complete in the log: it is one.
    BOOST_TEST(scene.follower->sink.commits == commits + 1);
    scene.go_on_and_check();
  }
}

BOOST_AUTO_TEST_CASE(a_header_torn_by_a_frozen_writer_is_waited_for) {
  Scene scene;
  scene.bring_to(false);
  const int commits = scene.follower->sink.commits;
  scene.application->run("wait torn-header");
  scene.application->start(kInsert);
  scene.application->reached();
  const auto refused = scene.follower->capture->step();
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == Code::kBusy));
  scene.application->go_on();
  BOOST_TEST(scene.application->finish().code == SQLITE_OK);
  scene.follower->catch_up();
  BOOST_TEST(scene.follower->sink.commits == commits + 1);
  scene.go_on_and_check();
}

// A kill between the two stores of a restart leaves this; the live database is damaged then.
BOOST_AUTO_TEST_CASE(an_index_that_claims_more_than_the_log_has_is_counted) {
  Scene scene;
  scene.bring_to(false);
  const std::uint32_t frames = scene.follower->capture->position().frame;
  BOOST_TEST(scene.follower->capture->stats().damaged_index == 0u);
  scene.application->run("poke 96 " + std::to_string(frames + 7));
  scene.follower->step();
  BOOST_TEST(scene.follower->capture->stats().damaged_index == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
