#include "daemon/lag_history.h"

#include <boost/test/unit_test.hpp>

using namespace streamd;
using namespace streamd::daemon;
using std::chrono::minutes;
using std::chrono::seconds;

BOOST_AUTO_TEST_SUITE(lag_history)

BOOST_AUTO_TEST_CASE(the_worst_of_each_minute) {
  LagHistory history;
  const MonoTime start{minutes(1000)};
  BOOST_TEST(history.minutes("d", "r", start).empty());
  history.note("d", "r", start, 1);
  history.note("d", "r", start + seconds(20), 5);
  history.note("d", "r", start + seconds(40), 2);
  history.note("d", "r", start + minutes(2), 7);
  auto all = history.minutes("d", "r", start + minutes(3));
  BOOST_TEST(all.size() == LagHistory::kMinutes);
  BOOST_TEST(all[59] == -1);  // nobody has looked in this minute yet
  BOOST_TEST(all[58] == 7);
  BOOST_TEST(all[57] == -1);
  BOOST_TEST(all[56] == 5);
  BOOST_TEST(all[55] == -1);
  all = history.minutes("d", "r", start + minutes(61));
  BOOST_TEST(all[0] == 7);
  history.note("d", "r", start + minutes(500), 3);
  all = history.minutes("d", "r", start + minutes(500));
  BOOST_TEST(all[59] == 3);
  BOOST_TEST(all[58] == -1);
}

BOOST_AUTO_TEST_CASE(who_is_gone_is_forgotten) {
  LagHistory history;
  const MonoTime start{minutes(1000)};
  history.note("d", "r", start, 1);
  history.note("e", "r", start + minutes(5), 1);
  history.forget_before(start + minutes(1));
  BOOST_TEST(history.minutes("d", "r", start + minutes(5)).empty());
  BOOST_TEST(!history.minutes("e", "r", start + minutes(5)).empty());
}

BOOST_AUTO_TEST_SUITE_END()
