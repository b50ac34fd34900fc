// The daemon dies, or meets an error, at each change that it makes to its files or its replica, one
// after the other. Whatever that was: all that the replica claims can be restored, and after the
// next life the newest moment is the database, byte by byte, without a hole nobody was told of.
#include <boost/test/unit_test.hpp>

#include "scene.h"

namespace {

constexpr int kRows = 120;

void create(Application& application) {
  application.sql(
      "PRAGMA page_size=512; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;"
      "CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB)");
  application.sql("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < " +
                  std::to_string(kRows) + ") INSERT INTO t(b) SELECT randomblob(300) FROM c");
}

// Commits that the daemon does not see, over restarts of the log; the database shrinks and grows.
void write_unseen(Application& application) {
  for (int i = 0; i < 3; ++i) {
    application.sql("UPDATE t SET b = randomblob(300) WHERE id % 7 = " + std::to_string(i));
    application.sql("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  application.sql("DELETE FROM t WHERE id > 90; VACUUM; PRAGMA user_version=1000");
  application.sql("PRAGMA wal_checkpoint(TRUNCATE)");
}

// Runs one life for each change until one meets none; a writer commits all the time.
int at_every_change(Scene& scene, Scene::Fault fault) {
  scene.remember();
  for (int at = 1; at < 2000; ++at) {
    scene.bring_back();
    Application writer(scene.database);
    writer.sql("PRAGMA wal_autocheckpoint=0");
    writer.run("timeout 60000");
    writer.start("count 8000");
    const Scene::Life life = scene.daemon_life(fault, at);
    BOOST_TEST_CONTEXT("at change " << at) {
      BOOST_TEST(life.killed == (fault == Scene::Fault::kKill && life.fault_met));
      BOOST_TEST(scene.check_replica({}) == "");
      writer.start("stop");
      const std::string wrote = writer.finish().text;
      BOOST_TEST(wrote.ends_with(" 0 0"), wrote);
      BOOST_TEST(!scene.daemon_life().fault_met);
      writer.kill();
      BOOST_TEST(scene.check_replica(scene.image()) == "");
    }
    if (!life.fault_met) return at - 1;
  }
  return -1;
}

void report(int changes) {
  BOOST_TEST_MESSAGE(changes << " changes");
  BOOST_TEST(changes > 20);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(every_write)

BOOST_AUTO_TEST_CASE(of_a_first_life) {
  for (const auto fault : {Scene::Fault::kKill, Scene::Fault::kError}) {
    Scene scene;
    {
      Application application(scene.database);
      create(application);
      application.run("close");
    }
    report(at_every_change(scene, fault));
  }
}

BOOST_AUTO_TEST_CASE(of_a_life_that_sends_a_delta) {
  for (const auto fault : {Scene::Fault::kKill, Scene::Fault::kError}) {
    Scene scene;
    Application application(scene.database);
    create(application);
    scene.daemon_life();
    write_unseen(application);
    application.run("close");
    application.kill();
    report(at_every_change(scene, fault));
  }
}

BOOST_AUTO_TEST_CASE(of_a_life_that_continues_the_log) {
  for (const auto fault : {Scene::Fault::kKill, Scene::Fault::kError}) {
    Scene scene;
    Application application(scene.database);
    create(application);
    scene.daemon_life();
    for (int i = 1; i <= 5; ++i)
      application.sql(
          "BEGIN; UPDATE t SET b = randomblob(300) WHERE id % 7 = 1; PRAGMA user_version=" +
          std::to_string(i) + "; COMMIT");
    application.kill();  // leaves its log
    report(at_every_change(scene, fault));
  }
}

BOOST_AUTO_TEST_SUITE_END()
