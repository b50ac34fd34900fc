// After every public operation the kernel shows exactly the locks of the state: SHARED on the
// database, the mark that the index is in use, and one read slot. Never the write lock, never the
// checkpoint lock.
#include <fcntl.h>

#include <boost/test/unit_test.hpp>

#include "application.h"
#include "follower.h"
#include "kernel_locks.h"

namespace {

// Everything but the read slot; the slot.
bool frame_is_right(const std::string& database, int& slot) {
  std::set<int> bytes = kernel::index_bytes(database);
  if (bytes.erase(kernel::kInUseByte) != 1 || bytes.size() != 1) return false;
  slot = *bytes.begin();
  return kernel::only_shared_on_database(database);
}

bool locks_are_right(const std::string& database, const Capture& capture) {
  int slot = 0;
  if (!frame_is_right(database, slot)) return false;
  if (capture.handed_over()) return slot == kernel::kSlot0Byte;
  return slot > kernel::kSlot0Byte && slot <= kernel::kSlot4Byte;
}

struct Audited {
  explicit Audited(const CapturePolicy& policy = quick_policy()) {
    database.close();  // locks of this process are the follower's alone
    application = std::make_unique<Application>(database.path());
    application->sql("PRAGMA wal_autocheckpoint=0");
    application->sql("INSERT INTO t(b) VALUES(randomblob(3000))");
    follower = std::make_unique<Follower>(
        database, wal::Position{},
        [&] {
          int slot = 0;
          BOOST_TEST(frame_is_right(database.path(), slot), "between attach and settle");
        },
        policy);
    audit("attach and settle");
  }
  void audit(const char* after) {
    BOOST_TEST(locks_are_right(database.path(), *follower->capture), "after " << after);
  }
  void commit() { application->sql("INSERT INTO t(b) VALUES(randomblob(3000))"); }
  void steps_until(const std::function<bool()>& done, const char* what) {
    for (int i = 0; i < 60'000 && !done(); ++i) {
      follower->step();
      audit(what);
      std::this_thread::sleep_for(milliseconds(1));
    }
    BOOST_TEST(done(), what);
  }
  const sqlite::CaptureStats& stats() const { return follower->capture->stats(); }
  LiveDatabase database;
  std::unique_ptr<Application> application;
  std::unique_ptr<Follower> follower;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(lock_audit)

BOOST_AUTO_TEST_CASE(after_every_operation_the_locks_are_those_of_the_state) {
  Audited it;
  for (int round = 0; round < 3; ++round) {
    it.steps_until([&] { return it.follower->capture->handed_over(); }, "a hand-over");
    it.commit();
    it.audit("a commit nobody looked at");
    it.steps_until([&] { return !it.follower->capture->handed_over(); }, "the first new commit");
    it.commit();
    it.follower->catch_up();
    it.audit("catch_up");
    BOOST_TEST(it.follower->capture->make_durable().has_value());
    it.audit("make_durable");
    Bytes page(it.follower->capture->position().page_size);
    BOOST_TEST(it.follower->capture->read_page(PageNo(1), page).has_value());
    BOOST_TEST(it.follower->capture->read_past_page(PageNo(1), page).has_value());
    it.audit("reading a page");
    BOOST_TEST(!it.follower->capture->replaced().value());
    it.audit("replaced");
  }
  BOOST_TEST(it.stats().hops + it.stats().optimistic_resets >= 3u);
  it.follower.reset();
  BOOST_TEST(kernel::index_bytes(it.database.path()).empty());
  BOOST_TEST(kernel::locks_on(it.database.path()).empty());
}

BOOST_AUTO_TEST_CASE(after_a_failure_the_locks_are_those_of_the_state) {
  Audited it;
  for (const bool handed_over : {false, true}) {
    if (handed_over)
      it.steps_until([&] { return it.follower->capture->handed_over(); }, "a hand-over");
    it.commit();
    it.follower->sink.fail_after = 1;
    BOOST_TEST(!it.follower->capture->catch_up().has_value());
    it.audit("a sink that failed");
    it.follower->catch_up();
    it.audit("the frames came again");
  }
}

BOOST_AUTO_TEST_CASE(under_a_writer_that_never_pauses_the_locks_are_those_of_the_state) {
  CapturePolicy policy = quick_policy();
  policy.reset_frames = 50;
  policy.soft_limit_bytes = 0;  // forced resets too
  Audited it(policy);
  it.application->sql("PRAGMA synchronous=OFF");
  it.application->run("timeout 10000");
  it.application->start("write 0");
  it.steps_until([&] { return it.stats().forced_resets >= 3 && it.stats().hops >= 3; },
                 "a step under load");
  it.application->start("stop");
  const Application::Reply wrote = it.application->finish();
  BOOST_TEST(wrote.text.ends_with(" 0 0"), wrote.text);  // nobody was refused
  BOOST_TEST(it.stats().live_breaks == 0u);
}

BOOST_AUTO_TEST_CASE(while_an_application_checkpoints_the_locks_are_those_of_the_state) {
  CapturePolicy policy;
  policy.idle = std::chrono::hours(1);  // we move for others only
  Audited it(policy);
  Application other(it.database.path());
  other.run("timeout 60000");
  other.sql("SELECT count(*) FROM t");  // before that SQLite knows of no log to checkpoint
  for (const char* mode : {"FULL", "RESTART", "TRUNCATE"}) {
    const std::uint64_t before = it.stats().waiter_hops;
    it.commit();
    it.follower->catch_up();
    it.commit();
    other.start(std::string("checkpoint ") + mode);
    it.steps_until([&] { return other.finished(0); }, mode);
    BOOST_TEST(other.finish().code == SQLITE_OK);
    BOOST_TEST(it.stats().waiter_hops > before);
  }
}

// SQLite's readers try to repair a torn header, for which they take the write lock. Ours do not: a
// writer without patience would be refused.
BOOST_AUTO_TEST_CASE(a_torn_header_makes_no_reader_of_ours_take_the_write_lock) {
  LiveDatabase database;
  database.run("INSERT INTO t(b) VALUES(randomblob(3000))");
  const auto session = sqlite::Session::open(database.path(), false).value();
  database.close();
  Application application(database.path());
  BOOST_TEST(application.run("poke 16 1000000").code == SQLITE_OK);
  std::atomic<bool> done{false};
  bool began = false, merged = false;  // Boost.Test is for one thread
  std::thread reading([&] {
    began = session->reader(0).begin_read().has_value();
    merged = session->checkpointer().checkpoint().has_value();
    done = true;
  });
  // SQLite's reader gives up after some seconds: on a busy machine 200 looks may take as long.
  const auto enough = std::chrono::steady_clock::now() + milliseconds(500);
  for (int look = 0; look < 200 && std::chrono::steady_clock::now() < enough; ++look) {
    BOOST_TEST(!kernel::index_bytes(database.path()).contains(kernel::kWriteByte));
    std::this_thread::sleep_for(milliseconds(1));
  }
  BOOST_TEST(!done);
  application.sql("INSERT INTO t(b) VALUES(randomblob(3000))");  // an application repairs it
  reading.join();
  BOOST_TEST(began);
  BOOST_TEST(merged);
  session->reader(0).end();
  for (sqlite::Connection* ours :
       {&session->reader(0), &session->reader(1), &session->checkpointer()})
    BOOST_TEST(!ours->lock_exclusive(sqlite::IndexLock::kWrite));
}

// The rule that the audit guards (and that the audit can fail): one open() and close() of -shm or
// of the database anywhere in this process, and the locks on it are gone.
BOOST_AUTO_TEST_CASE(
    closing_any_descriptor_of_index_or_database_drops_the_locks_and_the_audit_sees) {
  for (const char* file : {"-shm", ""}) {
    Audited it;
    ::close(::open((it.database.path() + file).c_str(), O_RDONLY));
    BOOST_TEST(!locks_are_right(it.database.path(), *it.follower->capture));
  }
  Audited it;
  ::close(::open((it.database.path() + "-wal").c_str(), O_RDONLY));
  it.audit("opening and closing the log, which carries no locks");
}

BOOST_AUTO_TEST_SUITE_END()
