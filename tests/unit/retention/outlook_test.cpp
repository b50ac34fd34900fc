// When a replica is worth a listing.
#include "retention/outlook.h"

#include "made_up_replica.h"

using namespace streamd;
using namespace streamd::retention;
using std::chrono::hours;

namespace {

Micros oldest(const MadeUpReplica& replica) {
  return oldest_time(catalog::read_timeline(replica.listing));
}
Micros next(const MadeUpReplica& replica) {
  return next_to_go(replica.listing, replica.parts, replica.now, replica.rules);
}
// What is left once everything that may go has gone.
MadeUpReplica pruned(MadeUpReplica replica) {
  replica.listing = replica.left();
  return replica;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(outlook)

BOOST_AUTO_TEST_CASE(the_oldest_time_is_the_later_one_of_each_object) {
  MadeUpReplica replica;
  BOOST_TEST(oldest(replica) == kNever);
  replica.snap(1, 3 * kDay);
  replica.listing.back().mtime_ns += kHour * 1000;  // its upload took an hour
  replica.segment(2, 3, kDay);
  replica.put("README", 900 * kDay);
  BOOST_TEST(oldest(replica) == kNoon - 3 * kDay + kHour);
  replica.generation = kSecondOne;
  replica.segment(4, 5, 4 * kDay);
  BOOST_TEST(oldest(replica) == kNoon - 4 * kDay);
  replica.listing.back().mtime_ns = 0;  // the store does not tell
  BOOST_TEST(oldest(replica) == kNoon - 3 * kDay + kHour);
}

BOOST_AUTO_TEST_CASE(nothing_is_old_before_the_history_and_the_grace_are_over) {
  Rules rules;
  const auto after = [&] { return nothing_old_before(kNoon, rules) - kNoon; };
  BOOST_TEST(after() == 7 * kDay + 10 * kMinute);
  rules.history = hours(24);
  BOOST_TEST(after() == kDay + 10 * kMinute);
  rules.history = rules.retention = milliseconds(0);
  BOOST_TEST(after() == 20 * kMinute);
  BOOST_TEST(nothing_old_before(kNever, rules) == kNever);
}

// The bound is a bound: one microsecond before it nothing goes, however much is added.
BOOST_AUTO_TEST_CASE(the_policy_keeps_to_that) {
  MadeUpReplica replica;
  replica.rules.grace = milliseconds(10 * 60'000);
  replica.rules.history = hours(48);
  replica.days(60, kHour);
  const Micros bound = nothing_old_before(oldest(replica), replica.rules);
  replica.now = bound - 1;
  BOOST_TEST(replica.decide().count(Fate::kRemove) == 0u);
  replica.now = bound + kHour;
  BOOST_TEST(replica.decide().count(Fate::kRemove) > 0u);
}

BOOST_AUTO_TEST_CASE(what_rests_is_worth_a_look_when_the_window_has_moved_on) {
  MadeUpReplica replica;
  BOOST_TEST(next(replica) == kNever);
  replica.days(10);
  BOOST_TEST(next(replica) == kNoon);
  replica = pruned(replica);
  BOOST_TEST(next(replica) == kNoon + kDay);
  replica.now += kDay;
  BOOST_TEST(replica.decide().count(Fate::kRemove) > 0u);
  replica = pruned(replica);
  BOOST_TEST(next(replica) == kNever);  // the last pause counts as a quarter of the window
  replica.now += 900 * kDay;
  BOOST_TEST(replica.decide().count(Fate::kRemove) == 0u);
}

BOOST_AUTO_TEST_CASE(what_the_store_tells_no_age_of_is_not_waited_for) {
  MadeUpReplica replica;
  replica.days(10);
  replica = pruned(replica);
  replica.segment(102, 103, -365 * kDay);
  replica.listing.back().mtime_ns = 0;
  BOOST_TEST(next(replica) == kNoon + kDay);
}

BOOST_AUTO_TEST_CASE(what_keep_holds_for_a_time_goes_later) {
  MadeUpReplica replica;
  replica.days(7);
  replica.rules.retention = replica.rules.history = hours(24);
  replica.rules.keep.all = hours(24 * 8);
  replica = pruned(replica);
  const Micros when = next(replica);
  BOOST_TEST((when > kNoon && when < kNoon + 3 * kDay));
  replica.now = when - kDay;
  BOOST_TEST(replica.decide().count(Fate::kRemove) == 0u);
  replica.now = when;
  BOOST_TEST(replica.decide().count(Fate::kRemove) > 0u);
}

BOOST_AUTO_TEST_CASE(a_time_ahead_is_waited_for) {
  MadeUpReplica replica;
  replica.days(10);
  replica = pruned(replica);
  replica.now += 30 * kDay;
  replica = pruned(replica);
  BOOST_TEST(next(replica) == kNever);
  replica.segment(102, 103, -365 * kDay);  // written by a clock that was a year ahead
  const Micros when = next(replica);
  BOOST_TEST((when > replica.now + 364 * kDay && when < replica.now + 374 * kDay));
}

BOOST_AUTO_TEST_CASE(of_very_many_objects_nobody_reckons) {
  MadeUpReplica replica;
  replica.snap(1, kHour);
  for (std::uint64_t i = 2; i < 10'002; ++i) replica.segment(i, i, kHour);
  BOOST_TEST(next(replica) == kNoon);
}

BOOST_AUTO_TEST_SUITE_END()
