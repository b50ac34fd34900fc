#include "daemon/drills.h"

#include <boost/test/unit_test.hpp>

namespace streamd::daemon {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr Micros kNow = 1'700'000'000'000'000, kHour = 3'600'000'000;

state::Proof tried(Micros when, std::optional<Code> failure = std::nullopt) {
  state::Proof proof;
  proof.tried = when;
  if (failure) proof.failure = make_error(*failure, "no");
  return proof;
}

BOOST_AUTO_TEST_SUITE(drills)

BOOST_AUTO_TEST_CASE(the_first_is_due_at_once_and_the_next_after_the_interval) {
  BOOST_TEST((drill_due_in({}, hours(24), kNow) == milliseconds(0)));
  BOOST_TEST((drill_due_in(tried(kNow), hours(24), kNow) == hours(24)));
  BOOST_TEST((drill_due_in(tried(kNow - 23 * kHour), hours(24), kNow) == hours(1)));
  BOOST_TEST((drill_due_in(tried(kNow - 25 * kHour), hours(24), kNow) == milliseconds(0)));
  BOOST_TEST((drill_due_in(tried(kNow + kHour), hours(24), kNow) == milliseconds(0)));
}

BOOST_AUTO_TEST_CASE(trouble_is_tried_again_sooner_and_damage_is_not) {
  BOOST_TEST((drill_due_in(tried(kNow, Code::kTransient), hours(24), kNow) == hours(1)));
  BOOST_TEST((drill_due_in(tried(kNow, Code::kNoSpace), minutes(5), kNow) == minutes(1)));
  BOOST_TEST((drill_due_in(tried(kNow, Code::kTransient), milliseconds(2000), kNow) ==
              milliseconds(2000)));
  BOOST_TEST((drill_due_in(tried(kNow, Code::kCorrupt), hours(24), kNow) == hours(24)));
  BOOST_TEST((drill_due_in(tried(kNow, Code::kCorrupt), hours(24), kNow, true) == hours(1)));
}

BOOST_AUTO_TEST_CASE(a_proof_is_old_after_twice_the_interval) {
  state::Proof proof;
  BOOST_TEST(!proof_is_old(proof, hours(1), kNow - 2 * kHour, kNow));
  BOOST_TEST(proof_is_old(proof, hours(1), kNow - 2 * kHour - 1, kNow));
  proof.proven = kNow - 3 * kHour;
  BOOST_TEST(proof_is_old(proof, hours(1), kNow, kNow));
  BOOST_TEST(!proof_is_old(proof, hours(2), kNow - 9 * kHour, kNow));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::daemon
