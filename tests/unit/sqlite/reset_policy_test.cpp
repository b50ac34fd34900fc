// When the log is handed back: in a pause, but not for every small one; by force from a writer that
// never pauses, unless that is forbidden.
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "application.h"
#include "follower.h"

namespace {

struct Scene {
  Scene() {
    database.close();
    policy.idle = policy.alone = milliseconds(10);
    policy.quiet = std::chrono::hours(1);
    policy.reset_frames = 100;
    application = std::make_unique<Application>(database.path());
    follower = std::make_unique<Follower>(database, wal::Position{}, Follower::Hook{}, policy);
    commit(3000);
  }
  void commit(int bytes) {
    application->sql("INSERT INTO t(b) VALUES(randomblob(" + std::to_string(bytes) + "))");
    follower->catch_up();
  }
  bool handed_over_within(int steps) {
    for (int i = 0; i < steps && !follower->capture->handed_over(); ++i) {
      follower->step();
      std::this_thread::sleep_for(milliseconds(1));
    }
    return follower->capture->handed_over();
  }
  LiveDatabase database;
  CapturePolicy policy;
  std::unique_ptr<Application> application;
  std::unique_ptr<Follower> follower;
};

// A writer that always commits between the seal of what was captured and the lock that would hand
// the log back, so that no optimistic reset wins.
struct NeverPausing : Scene {
  explicit NeverPausing(bool force) {
    follower.reset();
    policy.soft_limit_bytes = 512 * kKiB;
    policy.allow_forced_reset = force;
    follower = std::make_unique<Follower>(database, wal::Position{}, Follower::Hook{}, policy);
    application->run("timeout 0");
    follower->sink.before_durable = [this] { write(); };
  }
  ~NeverPausing() { follower->sink.before_durable = {}; }
  void write() {
    const int code = application->run("sql INSERT INTO t(b) VALUES(randomblob(3000))").code;
    BOOST_REQUIRE((code == SQLITE_OK || code == SQLITE_BUSY));
    ++(code == SQLITE_OK ? written : refused);
  }
  void turn() {
    write();
    follower->step();
    std::this_thread::sleep_for(milliseconds(1));  // tries have a pause between them
  }
  void check() {
    database.open();
    follower->check();
  }
  std::uintmax_t log() const { return std::filesystem::file_size(database.path() + "-wal"); }
  int written = 0, refused = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(reset_policy)

BOOST_AUTO_TEST_CASE(a_large_log_is_taken_from_a_writer_that_never_pauses) {
  NeverPausing scene(true);
  const sqlite::CaptureStats& stats = scene.follower->capture->stats();
  while (stats.forced_resets == 0 && scene.written < 20'000) scene.turn();
  BOOST_TEST(stats.forced_resets == 1u);
  BOOST_TEST(stats.optimistic_resets == 0u);
  BOOST_TEST(scene.log() > scene.policy.soft_limit_bytes);
  BOOST_TEST(stats.longest_write_lock > 0);
  const std::uintmax_t reached = scene.log();
  scene.write();
  scene.follower->catch_up();
  BOOST_TEST(scene.follower->capture->position().frame < 20u);  // a new log, from its beginning
  BOOST_TEST(scene.log() == reached);
  scene.check();
}

BOOST_AUTO_TEST_CASE(a_writer_that_never_pauses_keeps_its_log_where_force_is_forbidden) {
  NeverPausing scene(false);
  const sqlite::CaptureStats& stats = scene.follower->capture->stats();
  while (scene.log() < 4 * scene.policy.soft_limit_bytes) scene.turn();
  BOOST_TEST(stats.optimistic_tries > 2u);
  BOOST_TEST(stats.optimistic_resets == 0u);
  BOOST_TEST(stats.forced_tries == 0u);
  BOOST_TEST(scene.refused == 0);
  scene.check();
  scene.follower->sink.before_durable = {};
  BOOST_TEST(scene.handed_over_within(5000));  // its first pause is enough
}

BOOST_AUTO_TEST_CASE(a_small_log_of_an_open_database_is_left_alone_in_a_pause) {
  Scene scene;
  BOOST_TEST(!scene.handed_over_within(100));
  BOOST_TEST(scene.follower->capture->stats().optimistic_tries == 0u);
}

BOOST_AUTO_TEST_CASE(a_log_of_some_size_is_handed_back_in_a_pause) {
  Scene scene;
  scene.commit(40 * 4096);
  BOOST_TEST(scene.handed_over_within(5000));
}

BOOST_AUTO_TEST_CASE(a_small_log_is_handed_back_when_the_application_has_closed_its_database) {
  Scene scene;
  BOOST_TEST(scene.application->run("close").code == 0);
  BOOST_TEST(scene.handed_over_within(5000));
}

BOOST_AUTO_TEST_CASE(a_small_log_is_handed_back_after_a_quiet_time) {
  Scene scene;
  scene.follower->capture.reset();
  scene.policy.quiet = milliseconds(50);
  Follower other(scene.database, wal::Position{}, Follower::Hook{}, scene.policy);
  scene.application->sql("INSERT INTO t(b) VALUES(1)");
  other.catch_up();
  for (int i = 0; i < 5000 && !other.capture->handed_over(); ++i) {
    other.step();
    std::this_thread::sleep_for(milliseconds(1));
  }
  BOOST_TEST(other.capture->handed_over());
}

BOOST_AUTO_TEST_SUITE_END()
