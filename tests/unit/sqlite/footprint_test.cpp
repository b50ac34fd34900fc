// What SQLite promises and the protocol rests on: what a read slot and the write lock do and do
// not.
#include <fstream>

#include <boost/test/unit_test.hpp>

#include "application.h"
#include "follower.h"
#include "sqlite/session.h"

namespace {

using sqlite::Connection;
using sqlite::IndexLock;
using sqlite::Session;

// Nothing of it is open in this process when it is called.
std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

struct Looked {
  Looked() {
    database.close();
    application = std::make_unique<Application>(database.path());
    application->sql("PRAGMA wal_autocheckpoint=0");
    commit();
    auto opened = Session::open(database.path(), false);
    require(opened);
    session = std::move(*opened);
  }
  void commit() { application->sql("INSERT INTO t(b) VALUES(randomblob(3000))"); }
  void backfill() { BOOST_TEST(application->run("checkpoint PASSIVE").code == SQLITE_OK); }
  wal::IndexHeader header() {
    const auto read = session->header();
    require(read);
    return *read;
  }
  LiveDatabase database;
  std::unique_ptr<Application> application;
  std::unique_ptr<Session> session;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(footprint)

BOOST_AUTO_TEST_CASE(a_read_mark_keeps_the_log_from_being_restarted) {
  Looked it;
  BOOST_TEST(it.session->reader(0).begin_read().has_value());
  const wal::Salts salts = it.header().salts;
  for (int i = 0; i < 5; ++i) {
    it.backfill();
    it.commit();
    BOOST_TEST((it.header().salts == salts));
  }
  it.session->reader(0).end();
  it.backfill();
  it.commit();
  BOOST_TEST((it.header().salts != salts));
}

BOOST_AUTO_TEST_CASE(slot_0_allows_one_restart_and_no_second) {
  Looked it;
  it.backfill();
  BOOST_TEST(it.session->lock_holder().lock_shared(IndexLock::kRead0));
  const wal::Salts before = it.header().salts;
  it.commit();
  const wal::Salts after = it.header().salts;
  BOOST_TEST((after != before));
  for (int i = 0; i < 5; ++i) {
    it.backfill();
    BOOST_TEST(it.session->backfilled() == 0u);
    it.commit();
    BOOST_TEST((it.header().salts == after));
  }
  it.session->lock_holder().unlock_shared(IndexLock::kRead0);
}

BOOST_AUTO_TEST_CASE(salts_identify_a_log_and_do_not_count) {
  Looked it;
  Application other(it.database.path());
  other.sql("SELECT count(*) FROM t");
  const std::uint32_t first = it.header().salts.first();
  it.application->run("checkpoint TRUNCATE");
  it.application->run("checkpoint TRUNCATE");  // of an empty log
  BOOST_TEST(it.header().salts.first() == first + 2);
  const wal::Salts emptied = it.header().salts;
  other.sql("INSERT INTO t(b) VALUES(1)");  // it never restarted a log: it draws new salts
  BOOST_TEST((it.header().salts != emptied));
}

BOOST_AUTO_TEST_CASE(the_write_lock_leaves_nothing_behind) {
  LiveDatabase database;
  database.insert(20);
  database.close();
  auto keeper = std::make_unique<Application>(database.path());
  keeper->sql("INSERT INTO t(b) VALUES(1)");
  keeper->kill();  // leaves its log
  const std::string path = database.path();
  const std::string before = content(path), log_before = content(path + "-wal");
  struct stat info {
  }, info_after{};
  BOOST_REQUIRE(::stat(path.c_str(), &info) == 0);
  {
    auto session = Session::open(path, false);
    require(session);
    const auto header = (*session)->header();
    require(header);
    const auto begun = (*session)->writer().begin_write();
    BOOST_TEST((begun && *begun));
    (*session)->writer().end();
    const auto after = (*session)->header();
    require(after);
    BOOST_TEST((*after == *header));
  }
  BOOST_REQUIRE(::stat(path.c_str(), &info_after) == 0);
  BOOST_TEST((content(path) == before));
  BOOST_TEST((content(path + "-wal") == log_before));
  BOOST_TEST((info.st_mtim.tv_sec == info_after.st_mtim.tv_sec &&
              info.st_mtim.tv_nsec == info_after.st_mtim.tv_nsec));
}

BOOST_AUTO_TEST_CASE(the_last_close_of_the_application_keeps_the_log_and_we_merge_it) {
  LiveDatabase database;
  database.close();
  Application application(database.path());
  application.sql("INSERT INTO t(b) VALUES(randomblob(3000))");
  Follower follower(database);
  application.sql("INSERT INTO t(b) VALUES(randomblob(3000))");
  follower.catch_up();
  BOOST_TEST(application.run("close").code == SQLITE_OK);
  BOOST_TEST(::access((database.path() + "-wal").c_str(), F_OK) == 0);
  follower.settle_down();
  follower.capture.reset();
  const std::string merged = content(database.path());  // a copy of the one file is enough now
  BOOST_TEST((std::string(as_text(follower.sink.open)) == merged));
}

BOOST_AUTO_TEST_SUITE_END()
