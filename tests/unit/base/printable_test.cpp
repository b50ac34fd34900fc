#include "base/printable.h"

#include <boost/test/unit_test.hpp>

#include "base/json.h"

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

BOOST_AUTO_TEST_CASE(characters_of_utf8) {
  for (const char* one :
       {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x92\xbe", "\xee\x80\x80", "\xf4\x8f\xbf\xbf"})
    BOOST_TEST(utf8_length(one) == std::string(one).size(), one);
  for (const char* none :
       {"\xe9.db", "\x80", "\xc3", "\xc0\xaf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82z", "\xff"})
    BOOST_TEST(utf8_length(none) == 0U);
}

BOOST_AUTO_TEST_CASE(json_is_utf8_whatever_is_in_it) {
  BOOST_TEST(json_quote("caf\xe9.db \"\xc3\xa9\"\x01") ==
             "\"caf\xef\xbf\xbd.db \\\"\xc3\xa9\\\"\\u0001\"");
  const std::string printed = Json::object({{"x", std::string("\xed\xa0\x80\xff")}}).print();
  const auto again = Json::parse(printed);
  BOOST_REQUIRE(again.has_value());
  BOOST_TEST(again->print() == printed);
}

BOOST_AUTO_TEST_CASE(columns) {
  BOOST_TEST(columns_of("") == 0U);
  BOOST_TEST(columns_of("gr\xc3\xbcn") == 4U);
}

BOOST_AUTO_TEST_SUITE_END()
