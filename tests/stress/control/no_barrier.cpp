// Without the barrier the WAL-reset bug destroys commits beneath us: the test of the barrier would
// notice.
#include "../../unit/sqlite/reset_bug.h"

BOOST_AUTO_TEST_SUITE(control_no_barrier)

BOOST_AUTO_TEST_CASE(a_follower_without_the_barrier_lets_an_old_sqlite_lose_commits) {
  const int lost = reset_bug::lost_rows(reset_bug::Follow::kUs, reset_bug::Barrier::kOff);
  BOOST_TEST_MESSAGE("SQLite " << sqlite3_libversion() << " lost " << lost << " rows");
  BOOST_TEST((lost > 0) == reset_bug::sqlite_has_it());
}

BOOST_AUTO_TEST_SUITE_END()
