#include "base/printable.h"

#include <boost/test/unit_test.hpp>

using namespace streamd;

BOOST_AUTO_TEST_SUITE(printable_text)

BOOST_AUTO_TEST_CASE(nothing_for_a_terminal_to_act_upon) {
  BOOST_TEST(printable("/data/app.db") == "/data/app.db");
  BOOST_TEST(printable("a\nb\tc\rd") == "a\\nb\\tc\\rd");
  BOOST_TEST(printable("\x1b[31m\x7f") == "\\x1b[31m\\x7f");
  BOOST_TEST(printable("\xc2\x9b"
                       "1m") == "\\x9b1m");
  BOOST_TEST(printable("gr\xc3\xbcn \xc2\xa0") == "gr\xc3\xbcn \xc2\xa0");
  BOOST_TEST(printable("\xc2") == "\xc2");
}

BOOST_AUTO_TEST_CASE(columns) {
  BOOST_TEST(columns_of("") == 0U);
  BOOST_TEST(columns_of("gr\xc3\xbcn") == 4U);
}

BOOST_AUTO_TEST_SUITE_END()
