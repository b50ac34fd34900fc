#include "daemon/exposition.h"

#include <array>
#include <boost/test/unit_test.hpp>

using namespace streamd;
using namespace streamd::daemon;

BOOST_AUTO_TEST_SUITE(exposition)

BOOST_AUTO_TEST_CASE(samples_with_and_without_labels) {
  Exposition out;
  out.family("a_total", MetricType::kCounter, "What\\it\nis \"now\".");
  out.sample({}, std::uint64_t{18446744073709551615u});
  out.sample({{"x", "a\"b\\c\nd"}, {"y", ""}}, 0.5);
  out.family("b_seconds", MetricType::kGauge, "A time.");
  out.time({}, 0);  // none: no sample
  out.time({{"x", "1"}}, 1'500'000);
  BOOST_TEST(out.text() ==
             "# HELP a_total What\\\\it\\nis \"now\".\n# TYPE a_total counter\n"
             "a_total 18446744073709551615\n"
             "a_total{x=\"a\\\"b\\\\c\\nd\",y=\"\"} 0.5\n"
             "# HELP b_seconds A time.\n# TYPE b_seconds gauge\n"
             "b_seconds{x=\"1\"} 1.5\n");
}

BOOST_AUTO_TEST_CASE(what_is_no_utf8_is_replaced) {
  Exposition out;
  out.family("a", MetricType::kGauge, "A.");
  out.sample({{"x", "caf\xe9.db"}, {"y", "caf\xc3\xa9"}}, std::uint64_t{1});
  BOOST_TEST(out.text().ends_with("a{x=\"caf\xef\xbf\xbd.db\",y=\"caf\xc3\xa9\"} 1\n"));
}

BOOST_AUTO_TEST_CASE(histograms_add_up) {
  Exposition out;
  const std::array<milliseconds, 2> bounds{milliseconds(5), milliseconds(1000)};
  const std::array<std::uint64_t, 3> counts{2, 0, 1};
  out.family("h_seconds", MetricType::kHistogram, "H.");
  out.histogram({{"x", "1"}}, bounds, counts, std::chrono::microseconds(2'250'000));
  BOOST_TEST(out.text() ==
             "# HELP h_seconds H.\n# TYPE h_seconds histogram\n"
             "h_seconds_bucket{x=\"1\",le=\"0.005\"} 2\n"
             "h_seconds_bucket{x=\"1\",le=\"1\"} 2\n"
             "h_seconds_bucket{x=\"1\",le=\"+Inf\"} 3\n"
             "h_seconds_sum{x=\"1\"} 2.25\nh_seconds_count{x=\"1\"} 3\n");
  Exposition plain;
  plain.family("h", MetricType::kHistogram, "H.");
  plain.histogram({}, bounds, counts, std::chrono::microseconds(1));
  BOOST_TEST(plain.text().find("h_bucket{le=\"0.005\"} 2\n") != std::string::npos);
  BOOST_TEST(plain.text().ends_with("h_count 3\n"));
}

BOOST_AUTO_TEST_SUITE_END()
