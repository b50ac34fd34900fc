// Moments on a command line.
#include "apps/time_argument.h"

#include <boost/test/unit_test.hpp>

using namespace streamd;
using streamd::apps::parse_time_argument;

namespace {

constexpr Micros kNow = 1'764'000'000'000'000;
constexpr Micros kMinute = 60'000'000;

Micros parsed(std::string_view text) {
  const auto time = parse_time_argument(text, kNow);
  BOOST_TEST_REQUIRE(time.has_value(), text);
  return *time;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(time_argument)

BOOST_AUTO_TEST_CASE(rfc3339) {
  BOOST_TEST(format_time(parsed("2026-11-22T20:47:05Z"), 6) == "2026-11-22T20:47:05.000000Z");
  BOOST_TEST(format_time(parsed("2026-11-22t20:47:05.5z"), 6) == "2026-11-22T20:47:05.500000Z");
  BOOST_TEST(format_time(parsed("2026-11-22 20:47:05.1234569Z"), 6) ==
             "2026-11-22T20:47:05.123456Z");
  BOOST_TEST(format_time(parsed("2026-11-22T20:47:05+01:30"), 0) == "2026-11-22T19:17:05Z");
  BOOST_TEST(format_time(parsed("2026-12-31T23:30:00-01:00"), 0) == "2027-01-01T00:30:00Z");
  BOOST_TEST(format_time(parsed("2026-11-22T20:47:05-03:30"), 0) == "2026-11-23T00:17:05Z");
  BOOST_TEST(format_time(parsed("2024-02-29T00:00:00Z"), 0) == "2024-02-29T00:00:00Z");
  BOOST_TEST(parsed("1970-01-01T00:00:00Z") == 0);
  BOOST_TEST(parsed("1969-12-31T23:59:59Z") == -1'000'000);
}

BOOST_AUTO_TEST_CASE(ago) {
  BOOST_TEST(parsed("0 seconds ago") == kNow);
  BOOST_TEST(parsed("1 minute ago") == kNow - kMinute);
  BOOST_TEST(parsed("2 hours ago") == kNow - 120 * kMinute);
  BOOST_TEST(parsed("3 days ago") == kNow - 3 * 1440 * kMinute);
  BOOST_TEST(parsed("1 week ago") == kNow - 7 * 1440 * kMinute);
  BOOST_TEST(parsed("1h30m ago") == kNow - 90 * kMinute);
}

BOOST_AUTO_TEST_CASE(refused) {
  for (const std::string_view text : {"",
                                      "now",
                                      "2026-11-22",
                                      "2026-11-22T20:47:05",
                                      "2026-11-22T20:47Z",
                                      "2026-02-30T00:00:00Z",
                                      "2025-02-29T00:00:00Z",
                                      "2026-11-22T24:00:00Z",
                                      "2026-11-22T20:60:00Z",
                                      "2026-11-22T20:47:61Z",
                                      "2026-11-22T20:47:05.Z",
                                      "2026-11-22T20:47:05+1:00",
                                      "2026-11-22T20:47:05+24:00",
                                      "2026-11-22T20:47:05Zx",
                                      "2026-11-22T20:47:05+",
                                      "2026-11-22T20:47:05+:30",
                                      "2026-11-22T20:47:05+01-30",
                                      "2026-11-22T20:47:05+01:",
                                      "2026-11-22T20:47:05+01:60",
                                      "2026/11-22T20:47:05Z",
                                      "2026-11/22T20:47:05Z",
                                      "2026-11-22X20:47:05Z",
                                      "2026-11-22T20.47:05Z",
                                      "-11-22T20:47:05Z",
                                      "2026--22T20:47:05Z",
                                      "2026-11-T20:47:05Z",
                                      "2026-11-22T:47:05Z",
                                      "2026-11-22T20::05Z",
                                      "2026-11-22T20:47:Z",
                                      "26-11-22T20:47:05Z",
                                      " ago",
                                      "2 fortnights ago",
                                      "-2 hours ago",
                                      "two hours ago",
                                      "2 hours",
                                      "x ago",
                                      "2 s ago",
                                      "99999999999 days ago"}) {
    const auto time = parse_time_argument(text, kNow);
    BOOST_TEST(!time.has_value(), text);
    if (!time) BOOST_TEST((time.error().code == Code::kUsage), text);
    if (!time) BOOST_TEST(!time.error().hint.empty(), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
