// While the log is pinned: who wrote the database file, SQLite or somebody else?
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "application.h"
#include "follower.h"

namespace {

const char* const kInsert = "INSERT INTO t(b) VALUES(randomblob(3000))";

// A reader that stays keeps the log from being handed back.
struct Scene {
  Scene() {
    database.close();
    application.sql("PRAGMA wal_autocheckpoint=0");
    application.sql(kInsert);
    follower = std::make_unique<Follower>(database);
    follower->settle_down();
    application.sql(kInsert);
    reader.sql("BEGIN; SELECT count(*) FROM t");
    application.sql(kInsert);
    follower->step();
    BOOST_REQUIRE(!follower->capture->handed_over());
    BOOST_TEST(!looks_overwritten());
    later();
  }
  bool looks_overwritten() {
    const auto found = follower->capture->may_be_overwritten();
    require(found);
    return *found;
  }
  static void later() {
    std::this_thread::sleep_for(milliseconds(20));
  }  // a tick of the file's clock
  void write_past_sqlite() {
    const std::string command =
        "printf x | dd of='" + database.path() + "' bs=1 seek=60 count=1 conv=notrunc status=none";
    BOOST_REQUIRE(std::system(command.c_str()) == 0);
    later();
  }
  LiveDatabase database;
  Application application{database.path()}, reader{database.path()};
  std::unique_ptr<Follower> follower;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(untouched)

BOOST_AUTO_TEST_CASE(a_checkpoint_is_sqlites_own_work) {
  Scene scene;
  BOOST_TEST(!scene.looks_overwritten());
  const auto before = *scene.follower->capture->file_identity();
  BOOST_TEST(scene.application.run("checkpoint PASSIVE").code == 0);
  BOOST_TEST((*scene.follower->capture->file_identity() != before));
  Scene::later();
  BOOST_TEST(!scene.looks_overwritten());
  BOOST_TEST(!scene.looks_overwritten());
}

BOOST_AUTO_TEST_CASE(what_is_written_past_sqlite_is_told_once) {
  Scene scene;
  scene.write_past_sqlite();
  BOOST_TEST(scene.looks_overwritten());
  BOOST_TEST(!scene.looks_overwritten());
  BOOST_TEST(!scene.follower->capture->overwritten());
  BOOST_TEST((scene.follower->capture->contradicted().error().code == Code::kInternal));
  BOOST_TEST(scene.follower->capture->overwritten());
}

BOOST_AUTO_TEST_CASE(nothing_is_said_of_a_file_that_a_checkpoint_may_be_writing) {
  Scene scene;
  Application checkpointer(scene.database.path());
  checkpointer.sql("SELECT count(*) FROM t");
  scene.application.sql(kInsert);
  checkpointer.run("wait checkpoint-begun");
  checkpointer.start("checkpoint PASSIVE");
  checkpointer.reached();
  scene.write_past_sqlite();
  BOOST_TEST(!scene.looks_overwritten());
  checkpointer.go_on();
  checkpointer.finish();
  Scene::later();
  BOOST_TEST(!scene.looks_overwritten());
  BOOST_TEST(!scene.looks_overwritten());
}

BOOST_AUTO_TEST_SUITE_END()
