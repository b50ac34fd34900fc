#include "retention/calendar.h"

#include <boost/test/unit_test.hpp>

#include "made_up_replica.h"

using namespace streamd;
using namespace streamd::retention;

namespace {

Micros at(const char* text) {
  Micros time = 0;
  BOOST_REQUIRE(parse_time(text, time));
  return time;
}

// The positions, the newest being 0, of what stays.
std::vector<std::size_t> kept(const std::vector<Micros>& times, const Keep& keep,
                              Micros now = kNoon) {
  std::vector<std::size_t> positions;
  const auto reasons = kept_by_calendar(times, keep, now);
  for (std::size_t i = 0; i < reasons.size(); ++i)
    if (!reasons[i].empty()) positions.push_back(i);
  return positions;
}

using Positions = std::vector<std::size_t>;

}  // namespace

BOOST_AUTO_TEST_SUITE(calendar)

BOOST_AUTO_TEST_CASE(without_rules_nothing_stays) {
  BOOST_TEST(kept({kNoon, kNoon - kDay}, {}).empty());
  BOOST_TEST(kept({}, {.daily = 3}).empty());
}

BOOST_AUTO_TEST_CASE(days_that_have_a_snapshot_count) {
  const std::vector<Micros> times{at("2026-11-22T11:00:00.000Z"), at("2026-11-22T01:00:00.000Z"),
                                  at("2026-11-21T23:59:59.999Z"), at("2026-11-21T00:00:00.000Z"),
                                  at("2026-11-10T05:00:00.000Z"), at("2026-11-09T05:00:00.000Z")};
  BOOST_TEST(kept(times, {.daily = 1}) == Positions({0}), boost::test_tools::per_element());
  BOOST_TEST(kept(times, {.daily = 3}) == Positions({0, 2, 4}), boost::test_tools::per_element());
  BOOST_TEST(kept(times, {.daily = 99}) == Positions({0, 2, 4, 5}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_kind_of_period) {
  const std::vector<Micros> times{
      at("2026-03-02T10:30:00.000Z"), at("2026-03-02T10:10:00.000Z"),  // a Monday
      at("2026-03-01T10:00:00.000Z"), at("2026-02-24T10:00:00.000Z"),
      at("2026-02-22T10:00:00.000Z"), at("2025-12-31T10:00:00.000Z"),
      at("2025-12-29T10:00:00.000Z")};
  BOOST_TEST(kept(times, {.hourly = 2}) == Positions({0, 2}), boost::test_tools::per_element());
  BOOST_TEST(kept(times, {.weekly = 3}) == Positions({0, 2, 4}), boost::test_tools::per_element());
  BOOST_TEST(kept(times, {.monthly = 3}) == Positions({0, 3, 5}), boost::test_tools::per_element());
  BOOST_TEST(kept(times, {.yearly = 9}) == Positions({0, 5}), boost::test_tools::per_element());
  BOOST_TEST(kept(times, {.snapshots = 2}) == Positions({0, 1}), boost::test_tools::per_element());
  const auto reasons = kept_by_calendar(times, {.weekly = 2, .yearly = 1, .snapshots = 2}, kNoon);
  BOOST_TEST(reasons[0] == "keep: the newest of the year 2026");
  BOOST_TEST(reasons[1] == "keep: one of the newest 2 snapshots");
  BOOST_TEST(reasons[2] == "keep: the newest of the week of 2026-02-23");
}

BOOST_AUTO_TEST_CASE(the_newest_of_a_day_stays_through_all_of_its_grades) {
  std::vector<Micros> times;
  for (int i = 0; i < 400; ++i) times.push_back(kNoon - i * 6 * kHour);
  const Positions daily = kept(times, {.daily = 100}), weekly = kept(times, {.weekly = 12}),
                  monthly = kept(times, {.monthly = 3});
  for (const std::size_t position : weekly)
    BOOST_TEST((std::find(daily.begin(), daily.end(), position) != daily.end()));
  for (const std::size_t position : monthly)
    BOOST_TEST((std::find(daily.begin(), daily.end(), position) != daily.end()));
}

BOOST_AUTO_TEST_CASE(a_day_in_the_future_is_no_day) {
  const std::vector<Micros> times{kNoon + 365 * kDay, kNoon + kMinute, kNoon - kDay};
  BOOST_TEST(kept(times, {.daily = 2}) == Positions({1, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(before_1970) {
  BOOST_TEST(kept({-1, -kDay, -kDay - 1}, {.daily = 9}) == Positions({0, 2}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
