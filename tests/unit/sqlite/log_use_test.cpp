// The kernel's table of locks, and versions of SQLite.
#include "sqlite/log_use.h"

#include <boost/test/unit_test.hpp>

#include "sqlite/version.h"

using namespace streamd::sqlite;

BOOST_AUTO_TEST_SUITE(log_use)

BOOST_AUTO_TEST_CASE(the_table_of_locks) {
  const char* table =
      "1: POSIX  ADVISORY  READ  1234 fe:00:131 124 124\n"
      "2: -> POSIX  ADVISORY  WRITE 99 fe:00:131 120 120\n"
      "3: FLOCK  ADVISORY  WRITE 1234 fe:00:131 0 EOF\n"
      "4: POSIX  ADVISORY  WRITE 77 fe:00:131 120 EOF\n"
      "5: POSIX  ADVISORY  READ  1234 fe:00:132 124 124\n"
      "6: POSIX  ADVISORY  READ  1234 08:00:131 124 124\n"
      "7: POSIX\n"
      "\n";
  const auto locks = parse_locks(table, 0xfe, 0, 131);
  BOOST_REQUIRE_EQUAL(locks.size(), 2u);
  BOOST_TEST((locks[0] == HeldLock{1234, false, 124, 124}));
  BOOST_TEST((locks[1] == HeldLock{77, true, 120, UINT64_MAX}));
  BOOST_TEST(parse_locks("", 0xfe, 0, 131).empty());
}

BOOST_AUTO_TEST_CASE(a_database_that_nobody_has_open) {
  const auto use = look_at_log("/nonexistent/app.db");
  BOOST_REQUIRE(use);
  BOOST_TEST(!use->has_value());
}

BOOST_AUTO_TEST_CASE(versions_with_the_reset_bug) {
  for (int number : {3007000, 3040001, 3044005, 3050006, 3051002, 3052000})
    BOOST_TEST(has_wal_reset_bug(number), number);
  for (int number : {3006023, 3044006, 3050007, 3051003, 3053000, 3054001})
    BOOST_TEST(!has_wal_reset_bug(number), number);
  BOOST_TEST(!library_version().empty());
}

BOOST_AUTO_TEST_SUITE_END()
