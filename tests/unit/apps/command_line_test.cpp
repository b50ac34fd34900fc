#include "apps/command_line.h"

#include <boost/test/unit_test.hpp>

using namespace streamd;
using Words = std::vector<std::string>;

BOOST_AUTO_TEST_SUITE(command_line)

BOOST_AUTO_TEST_CASE(words) {
  const auto split = [](const char* text) { return apps::split_command(text).value_or(Words{}); };
  BOOST_TEST(split("app") == Words{"app"}, boost::test_tools::per_element());
  BOOST_TEST((split("  app\t--port  80\n") == Words{"app", "--port", "80"}));
  BOOST_TEST((split(R"(sh -c 'a "b" \c; $d')") == Words{"sh", "-c", R"(a "b" \c; $d)"}));
  BOOST_TEST((split(R"(a "it's \"so\" \\ \n" '')") == Words{"a", R"(it's "so" \ \n)", ""}));
  BOOST_TEST((split(R"(/my\ app/run --x="a b"c)") == Words{"/my app/run", "--x=a bc"}));
}

BOOST_AUTO_TEST_CASE(mistakes) {
  for (const char* text : {"", "  ", "'a", "a \"b", "a\\", "''"}) {
    const auto words = apps::split_command(text);
    BOOST_REQUIRE(!words.has_value());
    BOOST_TEST((words.error().code == Code::kUsage));
  }
}

BOOST_AUTO_TEST_SUITE_END()
