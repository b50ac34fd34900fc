// Signals that come while something else is done are not lost.
#include "apps/signals.h"

#include <boost/test/unit_test.hpp>

using namespace streamd;

namespace {

// The other tests of this program go on with the signals as they were.
struct Mask {
  Mask() { pthread_sigmask(SIG_SETMASK, nullptr, &before); }
  ~Mask() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }
  sigset_t before{};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(signals, Mask)

BOOST_AUTO_TEST_CASE(what_comes_during_a_work_is_there_after_it) {
  const apps::Signals signals;
  for (const int number : {SIGHUP, SIGTERM}) {
    const bool cancelled = apps::run_cancellable(signals, [&](const Cancel& cancel) {
      signals.send_again(number);
      return cancel.wait_for(milliseconds(number == SIGTERM ? 60'000 : 500));
    });
    BOOST_TEST(cancelled == (number == SIGTERM));
    BOOST_TEST(signals.wait_for(milliseconds(1000)).value_or(0) == number);
    BOOST_TEST(!signals.wait_for(milliseconds(0)).has_value());
  }
}

BOOST_AUTO_TEST_SUITE_END()
