// What people read.
#include "apps/table.h"

#include <boost/test/unit_test.hpp>

#include "apps/progress_bar.h"

using namespace streamd;
using namespace streamd::apps;

BOOST_AUTO_TEST_SUITE(table)

BOOST_AUTO_TEST_CASE(columns_are_aligned) {
  Table rows({"NAME", "N"});
  BOOST_TEST(rows.empty());
  rows.add({"a", "1"});
  rows.add({"longer", ""});
  BOOST_TEST(!rows.empty());
  BOOST_TEST(rows.text() == "NAME    N\na       1\nlonger\n");
}

BOOST_AUTO_TEST_CASE(names_that_would_break_it) {
  Table table({"NAME", "X"});
  table.add({"a\nb\x1b", "1"});
  table.add({"grün", "2"});
  BOOST_TEST(table.text() == "NAME      X\na\\nb\\x1b  1\ngrün      2\n");
}

BOOST_AUTO_TEST_CASE(sizes_and_times) {
  BOOST_TEST(shown_size(0) == "0 B");
  BOOST_TEST(shown_size(1023) == "1023 B");
  BOOST_TEST(shown_size(1536) == "1.5 KiB");
  BOOST_TEST(shown_size(1024 * 1024 - 1) == "1.0 MiB");
  BOOST_TEST(shown_size(5ULL << 40) == "5.0 TiB");
  BOOST_TEST(shown_size(5000ULL << 40) == "5000.0 TiB");  // there is no larger unit
  BOOST_TEST(shown_time(0) == "-");
  BOOST_TEST(shown_time(1'000) == "1970-01-01T00:00:00.001000Z");
}

BOOST_AUTO_TEST_CASE(progress) {
  BOOST_TEST(progress_line({"segments", 1024, 4096}) ==
             "[######                  ]  25% segments 1.0 KiB of 4.0 KiB");
  BOOST_TEST(progress_line({"planning", 0, 0}) ==
             "[                        ]   0% planning 0 B of 0 B");
  BOOST_TEST(progress_line({"checking", 9, 3}).starts_with("[########################] 100%"));
}

BOOST_AUTO_TEST_SUITE_END()
