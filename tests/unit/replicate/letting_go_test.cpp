// The local state cannot be written and the log grows: from wal-hard-limit on it is let go.
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <thread>

#include "application.h"
#include "daemon_life.h"

using namespace streamd;
using namespace streamd::replicate;

namespace {

constexpr std::uint64_t kLimit = 200'000;

// While it is full, nothing can be written into the spool.
class FullDisk {
 public:
  FullDisk() {
    set_file_fault([this](FileOp operation, const std::string& path) {
      if (!full || operation != FileOp::kWrite || path.find("/spool/") == std::string::npos)
        return 0;
      ++failures;
      return ENOSPC;
    });
  }
  ~FullDisk() { set_file_fault({}); }
  std::atomic<bool> full{false};
  std::atomic<int> failures{0};
};

template <class Condition>
void wait_until(Condition condition) {
  const MonoTime until = in(kPatience);
  while (!condition() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(milliseconds(5));
  BOOST_REQUIRE(condition());
}

bool let_go(Daemon& daemon) {
  const auto status = daemon->status();
  return status.phase == Phase::kAttaching && status.error &&
         status.error->message.find("was let go") != std::string::npos;
}

bool truncates(LiveDatabase& database) {
  int in_log = -1, done = -1;
  const int code = sqlite3_wal_checkpoint_v2(database.handle(), "main", SQLITE_CHECKPOINT_TRUNCATE,
                                             &in_log, &done);
  return code == SQLITE_OK && in_log == 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(letting_go)

BOOST_AUTO_TEST_CASE(above_the_hard_limit_the_log_is_free_and_one_delta_follows) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  FullDisk disk;
  {
    Daemon daemon(database, {store}, std::chrono::hours(24), 0, {}, kLimit);
    database.insert();
    const Txid before = daemon.sync();
    const Bytes image = database.image();
    disk.full = true;
    database.insert(200, 3000);
    wait_until([&] { return let_go(daemon); });
    BOOST_TEST((daemon->status().error->code == Code::kNoSpace));
    BOOST_TEST(daemon->status().error->hint.find("free space") != std::string::npos);
    BOOST_TEST(truncates(database));
    database.insert(50, 3000);
    BOOST_TEST(truncates(database));
    database.insert(50, 3000);
    disk.full = false;
    BOOST_TEST((daemon.sync() == before.next()));
    BOOST_TEST((daemon->status().phase == Phase::kLive));
    BOOST_TEST((restored(*store, database) == database.image()));
    BOOST_TEST((restored(*store, database, before) == image));
    int deltas = 0;
    for (const std::string& key : store->keys()) deltas += key.ends_with(".delta");
    BOOST_TEST(deltas == 1);
    BOOST_TEST(daemon.stop().has_value());
  }
}

BOOST_AUTO_TEST_CASE(when_the_application_has_not_restarted_it_meanwhile_nothing_is_missing) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  FullDisk disk;
  {
    Daemon daemon(database, {store}, std::chrono::hours(24), 0, {}, kLimit);
    database.insert();
    const Txid before = daemon.sync();
    disk.full = true;
    database.insert(200, 3000);
    wait_until([&] { return let_go(daemon); });
    disk.full = false;
    BOOST_TEST((daemon.sync() == before.next()));
    for (const std::string& key : store->keys()) BOOST_TEST(!key.ends_with(".delta"), key);
    BOOST_TEST((restored(*store, database) == database.image()));
    BOOST_TEST(daemon.stop().has_value());
  }
}

BOOST_AUTO_TEST_CASE(without_a_limit_or_below_it_the_log_is_held) {
  for (const std::uint64_t limit : {std::uint64_t{0}, std::uint64_t{100 * kMiB}}) {
    LiveDatabase database;
    const auto store = std::make_shared<MemoryStore>();
    FullDisk disk;
    {
      Daemon daemon(database, {store}, std::chrono::hours(24), 0, {}, limit);
      database.insert();
      const Txid before = daemon.sync();
      disk.full = true;
      for (int i = 0; i < 100; ++i) database.insert(1, 3000);
      wait_until([&] { return disk.failures >= 3; });
      BOOST_TEST((daemon->status().phase == Phase::kLive));
      BOOST_TEST(!truncates(database));
      disk.full = false;
      BOOST_TEST(daemon.sync().value == before.value + 100);
      BOOST_TEST(daemon.stop().has_value());
    }
  }
}

// Letting go would not free the log, and everything in it would be lost to the replicas for
// nothing.
BOOST_AUTO_TEST_CASE(while_a_reader_of_another_process_keeps_it_as_well_it_is_held) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  FullDisk disk;
  Application reader(database.path());
  database.insert();
  reader.sql("BEGIN");
  reader.sql("SELECT count(*) FROM t");
  database.insert();
  {
    Daemon daemon(database, {store}, std::chrono::hours(24), 0, {}, kLimit);
    daemon.sync();
    disk.full = true;
    database.insert(200, 3000);
    wait_until([&] { return disk.failures > 0; });
    const int then = disk.failures;  // each of these would let go
    wait_until([&] { return disk.failures >= then + 2; });
    BOOST_TEST((daemon->status().phase == Phase::kLive));
    reader.sql("COMMIT");
    wait_until([&] { return let_go(daemon); });
    BOOST_TEST(truncates(database));
    disk.full = false;
    daemon.sync();
    BOOST_TEST((restored(*store, database) == database.image()));
    BOOST_TEST(daemon.stop().has_value());
  }
}

BOOST_AUTO_TEST_SUITE_END()
