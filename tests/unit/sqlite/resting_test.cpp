// A database that nobody writes to costs three descriptors, and the first commit after that is
// captured as any other.
#include <fcntl.h>
#include <sys/resource.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "application.h"
#include "follower.h"
#include "kernel_locks.h"

namespace {

const char* const kInsert = "INSERT INTO t(b) VALUES(randomblob(3000))";

CapturePolicy restless(milliseconds rest = milliseconds(0)) {
  CapturePolicy policy = quick_policy();
  policy.rest = rest;
  return policy;
}

// How many descriptors of this process lead to the file.
int descriptors_of(const std::string& path) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    count += std::filesystem::read_symlink(entry.path(), gone) == path ? 1 : 0;
  }
  return count;
}

// By a child: a descriptor of the database that is closed here would drop our locks.
void write_over_in_place(const std::string& path, const std::string& copy) {
  const std::string command =
      "cp '" + path + "' '" + copy + "' && cp '" + copy + "' '" + path + "'";
  BOOST_REQUIRE(std::system(command.c_str()) == 0);
}

struct Scene {
  explicit Scene(const CapturePolicy& policy = restless()) {
    database.close();  // what this process holds is the follower's alone
    application = std::make_unique<Application>(database.path());
    application->sql(kInsert);
    follower = std::make_unique<Follower>(database, wal::Position{}, Follower::Hook{}, policy);
  }
  void come_to_rest() {
    for (int i = 0; i < 5000 && !follower->capture->resting(); ++i) {
      follower->step();
      std::this_thread::sleep_for(milliseconds(1));
    }
    BOOST_REQUIRE(follower->capture->resting());
  }
  void check() {
    database.open();
    follower->check();
    database.close();
  }
  LiveDatabase database;
  std::unique_ptr<Application> application;
  std::unique_ptr<Follower> follower;
};

// Leaves the limit as it was.
class NoDescriptorLeft {
 public:
  NoDescriptorLeft() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int next = dup(0);
    close(next);
    const rlimit now{static_cast<rlim_t>(next), before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &now);
  }
  ~NoDescriptorLeft() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(resting)

BOOST_AUTO_TEST_CASE(at_rest_three_descriptors_and_the_same_locks_are_left) {
  Scene scene;
  const std::string path = scene.database.path();
  for (int round = 0; round < 5; ++round) {
    scene.come_to_rest();
    BOOST_TEST(descriptors_of(path) == 1);
    BOOST_TEST(descriptors_of(path + "-shm") == 2);
    BOOST_TEST(descriptors_of(path + "-wal") == 0);
    BOOST_TEST((kernel::index_bytes(path) == std::set{kernel::kSlot0Byte, kernel::kInUseByte}));
    BOOST_TEST(kernel::only_shared_on_database(path));
    scene.application->sql(kInsert);
    const int before = scene.follower->sink.commits;
    scene.follower->catch_up();
    BOOST_TEST(scene.follower->sink.commits == before + 1);
    BOOST_TEST(!scene.follower->capture->resting());
  }
  scene.check();
  scene.follower.reset();
  BOOST_TEST(kernel::locks_on(path).empty());
  BOOST_TEST(descriptors_of(path + "-shm") == 0);
}

BOOST_AUTO_TEST_CASE(it_rests_until_the_first_commit_and_then_only_after_a_quiet_time) {
  Scene scene(restless(std::chrono::hours(1)));
  scene.come_to_rest();
  scene.application->sql(kInsert);
  scene.follower->catch_up();
  scene.follower->settle_down();
  for (int i = 0; i < 20; ++i) scene.follower->step();
  BOOST_TEST(!scene.follower->capture->resting());
}

BOOST_AUTO_TEST_CASE(pages_can_be_read_at_rest) {
  Scene scene;
  scene.come_to_rest();
  Bytes page(scene.follower->capture->position().page_size);
  BOOST_TEST(scene.follower->capture->read_page(PageNo(1), page).has_value());
  BOOST_TEST(std::string(page.begin(), page.begin() + 15) == "SQLite format 3");
  BOOST_TEST(scene.follower->capture->resting());
}

BOOST_AUTO_TEST_CASE(the_last_close_of_the_application_leaves_the_log_of_a_resting_database) {
  Scene scene;
  scene.come_to_rest();
  scene.application->run("close");
  scene.application->run("open");
  scene.application->sql(kInsert);
  scene.application->run("close");
  BOOST_TEST(std::filesystem::exists(scene.database.path() + "-wal"));
  scene.check();
}

BOOST_AUTO_TEST_CASE(checkpoints_of_the_application_are_served_at_rest) {
  Scene scene;
  for (const char* mode : {"PASSIVE", "FULL", "RESTART", "TRUNCATE"}) {
    scene.come_to_rest();
    BOOST_TEST(scene.application->run(std::string("checkpoint ") + mode).code == SQLITE_OK, mode);
    scene.application->sql(kInsert);
    scene.follower->catch_up();
  }
  scene.check();
}

BOOST_AUTO_TEST_CASE(without_descriptors_it_rests_on_and_loses_nothing) {
  Scene scene;
  scene.come_to_rest();
  scene.application->sql(kInsert);
  {
    const NoDescriptorLeft none;
    for (int i = 0; i < 3; ++i) BOOST_TEST(!scene.follower->capture->step().has_value());
    BOOST_TEST(scene.follower->capture->resting());
  }
  BOOST_TEST((kernel::index_bytes(scene.database.path()).contains(kernel::kSlot0Byte)));
  scene.application->sql(kInsert);
  scene.check();
  scene.come_to_rest();
  BOOST_TEST(descriptors_of(scene.database.path()) == 1);
}

BOOST_AUTO_TEST_CASE(at_rest_it_can_be_let_go) {
  Scene scene;
  scene.come_to_rest();
  {
    const NoDescriptorLeft none;  // why it cannot be woken
    scene.application->sql(kInsert);
    BOOST_TEST(!scene.follower->capture->step().has_value());
    BOOST_TEST(scene.follower->capture->held_bytes().value() > 0u);
    BOOST_TEST((scene.follower->capture->other_keeper().what == sqlite::LogKeeper::What::kNobody));
    scene.follower->capture->let_go();
  }
  BOOST_TEST(!kernel::index_bytes(scene.database.path()).contains(kernel::kSlot0Byte));
  scene.follower->capture.reset();
  BOOST_TEST(scene.application->run("checkpoint TRUNCATE").code == SQLITE_OK);
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_not_open_fails_at_whatever_it_is_asked) {
  sqlite::Connection closed;
  Bytes page(100);
  BOOST_TEST(!closed.hold().has_value());
  BOOST_TEST(!closed.hold_alone());
  BOOST_TEST(!closed.touch().has_value());
  BOOST_TEST(!closed.begin_read().has_value());
  BOOST_TEST(!closed.begin_write().has_value());
  BOOST_TEST(!closed.checkpoint().has_value());
  BOOST_TEST(!closed.truncate_log().has_value());
  BOOST_TEST(!closed.map_index().has_value());
  BOOST_TEST(!closed.map_index_block(0).has_value());
  BOOST_TEST(!closed.switch_to_wal().has_value());
  BOOST_TEST(!closed.read_database(0, page).has_value());
  BOOST_TEST(!closed.database_size().has_value());
  BOOST_TEST(!closed.lock_shared(sqlite::IndexLock::kRead0));
  BOOST_TEST(!closed.lock_exclusive(sqlite::IndexLock::kRead0));
  BOOST_TEST(!closed.read_only());
  closed.unlock_shared(sqlite::IndexLock::kRead0);
  closed.unlock_exclusive(sqlite::IndexLock::kRead0);
  closed.refuse_write_lock();
  closed.merge_when_last();
  closed.end();
  closed.close();
}

BOOST_AUTO_TEST_CASE(a_header_torn_by_a_dying_writer_is_repaired) {
  Scene scene;
  scene.come_to_rest();
  scene.application->run("die torn-header");
  scene.application->start(std::string("sql ") + kInsert);
  BOOST_TEST(scene.application->wait_for_death());
  scene.check();
}

BOOST_AUTO_TEST_CASE(another_file_in_its_place_is_noticed_and_gets_no_files_of_ours) {
  LiveDatabase other;
  other.insert(3);
  other.close();
  Scene scene;
  scene.come_to_rest();
  scene.application->sql(kInsert);
  std::filesystem::rename(other.path(), scene.database.path());
  BOOST_TEST(scene.follower->capture->replaced().value());
  const auto stepped = scene.follower->capture->step();
  BOOST_REQUIRE(!stepped.has_value());
  BOOST_TEST((stepped.error().code == Code::kInternal));
}

BOOST_AUTO_TEST_CASE(another_file_in_its_place_is_noticed_when_it_is_about_to_rest) {
  LiveDatabase other;
  other.insert(3);
  other.close();
  Scene scene;
  scene.follower->settle_down();
  BOOST_REQUIRE(!scene.follower->capture->resting());
  const std::string& path = scene.database.path();
  std::filesystem::remove(path + "-wal");
  std::filesystem::remove(path + "-shm");
  std::filesystem::rename(other.path(), path);
  const auto stepped = scene.follower->capture->step();
  BOOST_REQUIRE(!stepped.has_value());
  BOOST_TEST((stepped.error().code == Code::kInternal));
  BOOST_TEST(!std::filesystem::exists(path + "-shm"));
  BOOST_TEST(!std::filesystem::exists(path + "-wal"));
  scene.follower->capture.reset();
  BOOST_TEST(!std::filesystem::exists(path + "-shm"));
}

// As `cp backup.db app.db` does: the same inode.
BOOST_AUTO_TEST_CASE(a_file_that_is_written_over_in_place_is_noticed_before_a_new_log_begins) {
  for (const bool rested : {false, true}) {
    Scene scene;
    if (rested)
      scene.come_to_rest();
    else
      scene.follower->settle_down();
    const std::string& path = scene.database.path();
    std::filesystem::permissions(path, std::filesystem::perms(0640));
    BOOST_TEST(scene.follower->capture->require_untouched().has_value());
    write_over_in_place(path, scene.database.folder_file("backup.db"));
    scene.application->sql(kInsert);
    const int before = scene.follower->sink.commits;
    const auto stepped = scene.follower->capture->step();
    BOOST_REQUIRE(!stepped.has_value());
    BOOST_TEST((stepped.error().code == Code::kInternal));
    BOOST_TEST(scene.follower->capture->overwritten());
    BOOST_TEST(scene.follower->sink.commits == before);
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_was_written_over_is_not_left_behind_as_ours) {
  Scene scene;
  scene.come_to_rest();
  scene.application->run("close");
  write_over_in_place(scene.database.path(), scene.database.folder_file("backup.db"));
  const auto left = scene.follower->capture->leave();
  BOOST_REQUIRE(!left.has_value());
  BOOST_TEST((left.error().code == Code::kInternal));
  BOOST_TEST(scene.follower->capture->overwritten());
}

// The instant without a lock on the database: whatever an application does in it, nothing is lost.
BOOST_AUTO_TEST_CASE(applications_that_come_and_go_while_it_falls_asleep_lose_nothing) {
  Scene scene;
  int attached_again = 0;
  scene.application->run("timeout 10000");
  for (int round = 0; round < 300; ++round) {
    scene.application->sql(kInsert);
    scene.application->start("close");  // meanwhile:
    for (int i = 0; i < 60; ++i) {
      const auto stepped = scene.follower->capture->step();
      if (stepped) continue;
      BOOST_REQUIRE_MESSAGE(stepped.error().code == Code::kInternal, stepped.error().message);
      const wal::Position last = scene.follower->capture->position();
      scene.follower->capture.reset();
      ++attached_again;
      scene.follower->attach(last);
    }
    scene.application->finish();
    scene.application->run("open");
    scene.application->run("timeout 10000");
  }
  BOOST_TEST_MESSAGE("attached again: " << attached_again);
  scene.check();
}

BOOST_AUTO_TEST_SUITE_END()
