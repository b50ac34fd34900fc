#include "options.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "verdict.h"

using streamd::check::checked_options;
using streamd::check::Failure;

namespace {

const streamd_option kTable[] = {{"bucket", "string", nullptr, "where", STREAMD_OPTION_REQUIRED, 0},
                                 {"part-size", "size", "64MiB", "how much", 0, 0},
                                 {"wait", "duration", nullptr, "how long", 0, 0},
                                 {"retries", "int", nullptr, "how often", 0, 0},
                                 {"quiet", "bool", nullptr, "whether", 0, 0},
                                 {"folder", "path", nullptr, "which", 0, 0},
                                 {}};

// Each option with what open would get.
std::map<std::string, std::string> spelt(std::map<std::string, std::string> given) {
  streamd_driver driver{};
  driver.name = "test";
  driver.options = kTable;
  given.emplace("bucket", "b");
  const auto pairs = checked_options(driver, given);
  return {pairs.begin(), pairs.end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(options)

BOOST_AUTO_TEST_CASE(defaults_and_units) {
  const auto options =
      spelt({{"wait", "90s"}, {"retries", "-3"}, {"quiet", "true"}, {"folder", "/a/../b"}});
  BOOST_TEST(options.at("bucket") == "b");
  BOOST_TEST(options.at("part-size") == "67108864");
  BOOST_TEST(options.at("wait") == "90000");
  BOOST_TEST(options.at("retries") == "-3");
  BOOST_TEST(options.at("quiet") == "true");
  BOOST_TEST(options.at("folder") == "/b");
  BOOST_TEST(options.size() == 6u);
  BOOST_TEST(spelt({{"wait", "7d"}}).at("wait") == "604800000");
  BOOST_TEST(spelt({{"folder", "here"}}).at("folder").front() == '/');
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused) {
  for (const std::string size : {"64", "MiB", "64 MiB", "64mb", "", "9999999999999GiB"})
    BOOST_CHECK_THROW(spelt({{"part-size", size}}), Failure);
  BOOST_CHECK_THROW(spelt({{"wait", "10"}}), Failure);
  BOOST_CHECK_THROW(spelt({{"retries", "3s"}}), Failure);
  BOOST_CHECK_THROW(spelt({{"quiet", "yes"}}), Failure);
  BOOST_CHECK_THROW(spelt({{"buckett", "b"}}), Failure);
}

BOOST_AUTO_TEST_CASE(a_required_option_must_be_there) {
  streamd_driver driver{};
  driver.name = "test";
  driver.options = kTable;
  BOOST_CHECK_THROW(checked_options(driver, {}), Failure);
}

BOOST_AUTO_TEST_SUITE_END()
