#include "reset_bug.h"

BOOST_AUTO_TEST_SUITE(reset_bug_suite)

BOOST_AUTO_TEST_CASE(alone_an_old_sqlite_loses_commits_and_a_new_one_does_not) {
  const int lost = reset_bug::lost_rows(reset_bug::Follow::kNobody);
  BOOST_TEST_MESSAGE("SQLite " << sqlite3_libversion() << " alone lost " << lost << " rows");
  BOOST_TEST((lost > 0) == reset_bug::sqlite_has_it());
}

BOOST_AUTO_TEST_CASE(while_we_follow_no_sqlite_loses_commits) {
  for (int round = 0; round < 3; ++round)
    BOOST_TEST(reset_bug::lost_rows(reset_bug::Follow::kUs) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
