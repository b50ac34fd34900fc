// The WAL-reset bug of SQLite 3.7.0 to 3.51.2: a checkpointer reads the index, sleeps, and goes on
// after another process has restarted the log. It then takes the end of the old log for that of
// the new one, and commits of the new one are never seen again.
#pragma once
#include "application.h"
#include "follower.h"
#include "kernel_locks.h"

namespace reset_bug {

inline bool sqlite_has_it() {
  return sqlite3_libversion_number() < 3051003;
}

enum class Follow { kNobody, kUs };
enum class Barrier { kOn, kOff };

// Rows whose newest value, committed during the checkpointer's sleep, is gone at the end.
inline int lost_rows(Follow follow, Barrier with = Barrier::kOn) {
  constexpr int kRows = 6000, kWritten = 20;
  LiveDatabase database(1024);
  database.run("CREATE TABLE v(id INTEGER PRIMARY KEY, value INTEGER, pad BLOB)");
  database.run("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < " +
               std::to_string(kRows) + ") INSERT INTO v SELECT x, 0, zeroblob(700) FROM c");
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();  // locks of this process are the follower's alone

  Application writer(database.path()), stale(database.path());
  writer.sql("PRAGMA wal_autocheckpoint=0");
  stale.sql("SELECT count(*) FROM v");
  // More frames than the first block of the index holds, so that old entries stay behind it.
  writer.sql("UPDATE v SET value = 1");
  std::unique_ptr<Follower> follower;
  if (follow == Follow::kUs) {
    follower = std::make_unique<Follower>(database);
    follower->settle_down();
  } else {
    writer.run("checkpoint PASSIVE");
  }
  stale.run("wait checkpoint-begun");
  stale.start("checkpoint PASSIVE");
  stale.reached();  // it knows the old log, which is backfilled to its end
  for (int i = 0; i < kWritten; ++i)
    writer.sql("UPDATE v SET value = 2 WHERE id = " + std::to_string(kRows - i));
  if (follower) {
    follower->step();
    // Frozen for however long, it keeps us from releasing slot 0, but not from following.
    const bool kept = kernel::index_bytes(database.path()).contains(kernel::kSlot0Byte);
    BOOST_TEST(kept == (with == Barrier::kOn));
    BOOST_TEST(!follower->capture->handed_over());
    writer.sql("UPDATE v SET value = 3 WHERE id = 1");
    const int before = follower->sink.commits;
    follower->step();
    BOOST_TEST(follower->sink.commits == before + 1);
  }
  stale.go_on();
  stale.finish();
  if (follower) {
    follower->step();
    BOOST_TEST(!kernel::index_bytes(database.path()).contains(kernel::kSlot0Byte));
  }
  const std::string found = writer.sql("SELECT count(*) FROM v WHERE value = 2");
  if (follower) BOOST_TEST(follower->capture->stats().live_breaks == 0u);
  return kWritten - std::stoi(found);
}

}  // namespace reset_bug
