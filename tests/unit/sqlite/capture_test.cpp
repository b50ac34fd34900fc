#include "sqlite/capture.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "live_database.h"

using namespace streamd;
using sqlite::Capture;
using sqlite::CapturePolicy;
using sqlite::Continuity;

namespace {

// Applies what is captured to an image, and counts. Everything is durable at once unless told
// otherwise.
class ImageSink final : public sqlite::CaptureSink {
 public:
  void looked(Micros not_before, Micros seen) override {
    times_in_order = times_in_order && not_before <= seen;
  }
  Status page(Capture& capture, PageNo page, ByteView bytes) override {
    if (fail_after > 0 && --fail_after == 0) return make_error(Code::kNoSpace, "planted");
    const std::size_t size = capture.position().page_size, end = size * page.value;
    if (open.size() < end) open.resize(end);
    std::copy(bytes.begin(), bytes.end(), open.begin() + static_cast<std::ptrdiff_t>(end - size));
    return {};
  }
  Status commit(Capture& capture) override {
    ++commits;
    open.resize(std::size_t{capture.position().pages} * capture.position().page_size);
    return {};
  }
  Status close_run(Capture& capture) override {
    capture.run_closed();
    return {};
  }
  Status make_durable(Capture& capture) override {
    if (refuse_durable) return make_error(Code::kNoSpace, "planted");
    durable = open;
    capture.durable_up_to_here();
    return {};
  }
  void discard() override {
    ++discards;
    open = durable;
  }
  void begin_at(Capture& capture) {  // what a first snapshot would do
    const wal::Position& now = capture.position();
    open.resize(std::size_t{now.pages} * now.page_size);
    for (std::uint32_t page = 1; page <= now.pages; ++page)
      BOOST_REQUIRE(capture.read_page(
          PageNo(page),
          MutableBytes(open).subspan(std::size_t{page - 1} * now.page_size, now.page_size)));
    durable = open;
    capture.durable_up_to_here();
  }
  Bytes open, durable;
  int commits = 0, discards = 0, fail_after = 0;
  bool refuse_durable = false, times_in_order = true;
};

template <class T>
void require(const Result<T>& result) {
  BOOST_REQUIRE_MESSAGE(result.has_value(), (result ? std::string() : result.error().message));
}

struct Follower {
  explicit Follower(LiveDatabase& live, const wal::Position& last = {}) : database(live) {
    attach(last);
  }
  void attach(const wal::Position& last) {
    CapturePolicy policy;
    policy.idle = milliseconds(20);
    auto attached = Capture::attach(database.path(), last, sink, policy, system_clock());
    require(attached);
    capture = std::move(*attached);
    if (capture->continuity() == Continuity::kBroken) sink.begin_at(*capture);
    const Status settled = capture->settle();
    require(settled);
  }
  void step() {
    const auto stepped = capture->step();
    require(stepped);
  }
  // Until the log is handed over: everything captured, durable and backfilled.
  void settle_down() {
    for (int i = 0; i < 500 && !capture->handed_over(); ++i) {
      step();
      std::this_thread::sleep_for(milliseconds(1));
    }
    BOOST_REQUIRE(capture->handed_over());
  }
  void catch_up() { BOOST_REQUIRE(capture->catch_up()); }
  void check() {
    catch_up();
    BOOST_TEST((sink.open == database.image()));
  }
  LiveDatabase& database;
  ImageSink sink;
  std::unique_ptr<Capture> capture;
};

// The bytes of the -shm file that this process holds a lock on, from the kernel.
std::set<int> index_locks(const std::string& path) {
  struct stat info {};
  BOOST_REQUIRE(::stat((path + "-shm").c_str(), &info) == 0);
  std::ifstream locks("/proc/locks");
  std::set<int> held;
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number, kind, advisory, mode, pid, file, start, end;
    words >> number >> kind >> advisory >> mode >> pid >> file >> start >> end;
    if (kind != "POSIX" || pid != std::to_string(getpid())) continue;
    if (file.substr(file.rfind(':') + 1) != std::to_string(info.st_ino) || end == "EOF") continue;
    for (int byte = std::stoi(start); byte <= std::stoi(end); ++byte) held.insert(byte);
  }
  return held;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(capture)

BOOST_AUTO_TEST_CASE(every_commit_arrives_for_every_page_size) {
  for (const std::uint32_t page_size : {512u, 1024u, 4096u, 65536u}) {
    LiveDatabase database(page_size);
    Follower follower(database);
    for (int i = 0; i < 30; ++i) {
      database.insert(1 + i % 7, 100 * (i % 40));
      if (i == 10) database.run("DELETE FROM t WHERE id % 2 = 0");
      if (i == 15) database.run("VACUUM");
      if (i == 20) database.run("CREATE TABLE u(a); DROP TABLE u");
      if (i % 6 == 5) follower.settle_down();  // the next write restarts the log
      follower.check();
    }
    BOOST_TEST(follower.sink.commits >= 30);
    BOOST_TEST(follower.sink.times_in_order);
    BOOST_TEST(follower.capture->stats().live_breaks == 0u);
    BOOST_TEST(follower.capture->stats().optimistic_resets >= 4u);
  }
}

BOOST_AUTO_TEST_CASE(rolled_back_and_spilled_transactions_leave_no_trace) {
  LiveDatabase database;
  Follower follower(database);
  database.run("PRAGMA cache_size=10");
  database.run("BEGIN");
  database.insert(500);
  database.run("SAVEPOINT s");
  database.insert(500);
  database.run("ROLLBACK TO s");
  follower.step();
  BOOST_TEST(follower.sink.commits == 0);
  database.run("COMMIT");
  follower.check();
  BOOST_TEST(follower.sink.commits == 1);
  database.run("BEGIN");
  database.insert(500);
  database.run("ROLLBACK");
  follower.check();
  BOOST_TEST(follower.sink.commits == 1);
}

BOOST_AUTO_TEST_CASE(the_locks_held_are_those_of_the_state) {
  LiveDatabase database;
  Follower follower(database);
  follower.settle_down();
  BOOST_TEST(index_locks(database.path()).contains(123));  // slot 0
  database.insert();
  follower.step();
  BOOST_TEST(!follower.capture->handed_over());
  const std::set<int> pinned = index_locks(database.path());
  BOOST_TEST(!pinned.contains(123));
  BOOST_TEST((pinned.contains(124) || pinned.contains(125) || pinned.contains(126) ||
              pinned.contains(127)));
  BOOST_TEST(!pinned.contains(120));
  BOOST_TEST(!pinned.contains(121));
}

BOOST_AUTO_TEST_CASE(nothing_is_written_into_the_database) {
  LiveDatabase database;
  database.insert(50);
  const Bytes before = database.image();
  {
    Follower follower(database);
    follower.settle_down();
  }
  BOOST_TEST((database.image() == before));
}

BOOST_AUTO_TEST_CASE(a_log_that_goes_on_is_continued) {
  LiveDatabase database;
  database.insert(5);
  Follower follower(database);
  database.insert(3);
  follower.check();
  const wal::Position last = follower.capture->position();
  follower.capture.reset();
  database.insert(4);
  follower.attach(last);
  BOOST_TEST((follower.capture->continuity() == Continuity::kSameLog));
  follower.check();
  database.insert(2);
  follower.check();
}

BOOST_AUTO_TEST_CASE(one_restart_after_everything_was_captured_is_continued) {
  LiveDatabase database;
  database.insert(40);
  Follower follower(database);
  database.insert(60);
  follower.settle_down();
  const wal::Position last = follower.capture->position();
  follower.capture.reset();
  database.insert(1);  // restarts the log: it is fully backfilled and nobody holds it
  follower.attach(last);
  BOOST_TEST((follower.capture->continuity() == Continuity::kOneRestart));
  follower.check();
}

BOOST_AUTO_TEST_CASE(two_restarts_are_noticed) {
  LiveDatabase database;
  database.insert(40);
  Follower follower(database);
  follower.settle_down();
  const wal::Position last = follower.capture->position();
  follower.capture.reset();
  for (int i = 0; i < 2; ++i) {
    database.insert(1);
    database.run("PRAGMA wal_checkpoint(RESTART)");
  }
  database.insert(1);
  follower.attach(last);
  BOOST_TEST((follower.capture->continuity() == Continuity::kBroken));
  follower.check();
}

BOOST_AUTO_TEST_CASE(a_deleted_log_and_another_file_are_noticed) {
  LiveDatabase database;
  database.insert(10);
  Follower follower(database);
  follower.settle_down();
  wal::Position last = follower.capture->position();
  follower.capture.reset();
  database.close();  // the last close deletes the log
  BOOST_TEST(::access((database.path() + "-wal").c_str(), F_OK) != 0);
  database.open();
  database.insert(1);
  follower.attach(last);
  BOOST_TEST((follower.capture->continuity() == Continuity::kBroken));
  follower.check();
  last = follower.capture->position();
  follower.capture.reset();
  ++last.database_inode;
  follower.attach(last);
  BOOST_TEST((follower.capture->continuity() == Continuity::kBroken));
}

BOOST_AUTO_TEST_CASE(salts_of_zero_identify_nothing) {
  LiveDatabase database;
  database.close();
  database.open();  // an empty log, recovered: salts (0,0), frame 0
  Follower follower(database);
  const wal::Position last = follower.capture->position();
  BOOST_TEST(last.salts.none());
  follower.capture.reset();
  database.close();
  database.open();
  database.insert(3);
  database.close();
  database.open();
  follower.attach(last);
  BOOST_TEST((follower.capture->continuity() == Continuity::kBroken));
  follower.check();
}

BOOST_AUTO_TEST_CASE(a_sink_that_fails_gets_the_frames_again) {
  LiveDatabase database;
  Follower follower(database);
  for (const bool handed_over : {false, true}) {
    if (handed_over) follower.settle_down();
    database.insert(30);
    database.insert(30);
    follower.sink.fail_after = 5;
    const auto failed = follower.capture->catch_up();
    BOOST_REQUIRE(!failed.has_value());
    BOOST_TEST((failed.error().code == Code::kNoSpace));
    follower.check();
  }
  BOOST_TEST(follower.sink.discards >= 2);
  BOOST_TEST(follower.capture->stats().live_breaks == 0u);
}

BOOST_AUTO_TEST_CASE(nothing_is_handed_over_before_it_is_durable) {
  LiveDatabase database;
  Follower follower(database);
  database.insert(10);
  follower.catch_up();
  follower.sink.refuse_durable = true;
  const auto until = std::chrono::steady_clock::now() + milliseconds(150);
  while (std::chrono::steady_clock::now() < until) {
    const auto stepped = follower.capture->step();
    BOOST_TEST((stepped || stepped.error().code == Code::kNoSpace));
    BOOST_TEST(!follower.capture->handed_over());
    std::this_thread::sleep_for(milliseconds(2));
  }
  follower.sink.refuse_durable = false;
  follower.settle_down();
  follower.check();
}

BOOST_AUTO_TEST_CASE(a_replaced_database_is_seen) {
  LiveDatabase database;
  Follower follower(database);
  BOOST_TEST(!follower.capture->replaced().value());
  BOOST_REQUIRE(::rename(database.path().c_str(), database.folder_file("moved").c_str()) == 0);
  BOOST_TEST(follower.capture->replaced().value());
  BOOST_REQUIRE(::rename(database.folder_file("moved").c_str(), database.path().c_str()) == 0);
  BOOST_TEST(!follower.capture->replaced().value());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_followed_is_said) {
  LiveDatabase database;
  ImageSink sink;
  const auto attach = [&](const std::string& path) {
    return Capture::attach(path, {}, sink, CapturePolicy{}, system_clock());
  };
  BOOST_TEST((attach(database.folder_file("none.db")).error().code == Code::kNotFound));
  BOOST_TEST((attach(database.folder()).error().code == Code::kInvalidConfig));
  database.run("PRAGMA journal_mode=DELETE");
  const auto not_wal = attach(database.path());
  BOOST_REQUIRE(!not_wal.has_value());
  BOOST_TEST((not_wal.error().code == Code::kNotWal));
  BOOST_TEST(!not_wal.error().hint.empty());
}

BOOST_AUTO_TEST_SUITE_END()
