// What an application may do to its journal and lock modes, before and while we follow.
#include <boost/test/unit_test.hpp>

#include "application.h"
#include "follower.h"

namespace {

Result<std::unique_ptr<Capture>> attach(const std::string& path, ImageSink& sink) {
  return Capture::attach(path, {}, sink, quick_policy(), system_clock());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(refusals)

BOOST_AUTO_TEST_CASE(an_application_that_leaves_wal_mode_is_refused_at_once_and_nothing_breaks) {
  LiveDatabase database;
  database.close();
  Application application(database.path());
  application.sql("INSERT INTO t(b) VALUES(1)");
  for (const bool handed_over : {false, true}) {
    Follower follower(database);
    application.sql("INSERT INTO t(b) VALUES(2)");
    follower.catch_up();
    if (handed_over) follower.settle_down();
    application.run("timeout 600000");  // is not used: else this would never end
    const Application::Reply reply = application.run("sql PRAGMA journal_mode=DELETE");
    BOOST_TEST(reply.code == SQLITE_BUSY, reply.text);
    application.sql("INSERT INTO t(b) VALUES(3)");
    follower.catch_up();
    BOOST_TEST(follower.capture->stats().live_breaks == 0u);
  }
  BOOST_TEST(application.sql("PRAGMA journal_mode=DELETE") == "delete");  // without us
  ImageSink sink;
  BOOST_TEST((attach(database.path(), sink).error().code == Code::kNotWal));
  BOOST_TEST(application.sql("PRAGMA journal_mode=WAL") == "wal");
  BOOST_TEST(attach(database.path(), sink).has_value());
}

BOOST_AUTO_TEST_CASE(an_application_that_wants_the_database_alone_waits_its_time_and_is_refused) {
  LiveDatabase database;
  database.close();
  Application application(database.path());
  application.sql("INSERT INTO t(b) VALUES(1)");
  Follower follower(database);
  application.run("timeout 200");
  application.sql("PRAGMA locking_mode=EXCLUSIVE");
  const Application::Reply reply = application.run("sql INSERT INTO t(b) VALUES(2)");
  BOOST_TEST(reply.code == SQLITE_BUSY);
  BOOST_TEST(reply.ms > 150);
  application.sql("PRAGMA locking_mode=NORMAL; SELECT count(*) FROM t");
  application.sql("INSERT INTO t(b) VALUES(3)");
  follower.catch_up();
  BOOST_TEST(follower.capture->stats().live_breaks == 0u);
}

BOOST_AUTO_TEST_CASE(a_database_that_an_application_has_alone_is_busy_until_it_lets_go) {
  LiveDatabase database;
  database.close();
  Application application(database.path());
  application.sql("PRAGMA locking_mode=EXCLUSIVE; INSERT INTO t(b) VALUES(1)");
  ImageSink sink;
  for (int i = 0; i < 3; ++i) {
    const auto refused = attach(database.path(), sink);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == Code::kBusy), refused.error().message);
    application.sql("INSERT INTO t(b) VALUES(1)");  // an attempt does it no harm
  }
  application.run("close");
  application.run("open");
  application.sql("INSERT INTO t(b) VALUES(2)");
  BOOST_TEST(attach(database.path(), sink).has_value());
}

BOOST_AUTO_TEST_CASE(
    vacuum_restores_by_the_backup_api_and_a_refused_page_size_are_ordinary_commits) {
  LiveDatabase database, source;
  database.run("PRAGMA journal_mode=DELETE; PRAGMA auto_vacuum=2; VACUUM; PRAGMA journal_mode=WAL");
  database.insert(300);
  source.insert(777);
  Follower follower(database);
  database.run("DELETE FROM t WHERE id > 100");
  database.run("PRAGMA incremental_vacuum(20)");
  follower.check();
  database.run("PRAGMA page_size=8192; VACUUM");  // SQLite ignores it in WAL mode
  follower.check();
  BOOST_TEST(follower.capture->position().page_size == 4096u);
  database.copy_from(source);
  follower.check();
  database.insert(3);
  follower.settle_down();
  follower.check();
  BOOST_TEST(follower.capture->stats().live_breaks == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
