#include "daemon/web_request.h"

#include <boost/test/unit_test.hpp>

#include "silent_names.h"

using namespace streamd;

BOOST_AUTO_TEST_SUITE(web_requests)

BOOST_AUTO_TEST_CASE(one_that_waits_for_a_names_address_ends_in_time_and_in_a_hurry) {
  const auto took = [](milliseconds limit, const Cancel& hurry) {
    const auto began = std::chrono::steady_clock::now();
    const Status sent = daemon::web_request("http://silent.example/", "", limit, hurry);
    BOOST_REQUIRE(!sent);
    BOOST_TEST((sent.error().code == Code::kTimeout));
    return std::chrono::steady_clock::now() - began;
  };
  Cancel hurry;
  BOOST_TEST((took(milliseconds(200), hurry) < kSilence / 2));
  std::thread canceller([&] {
    std::this_thread::sleep_for(milliseconds(200));
    hurry.cancel();
  });
  BOOST_TEST((took(milliseconds(60'000), hurry) < kSilence / 2));
  canceller.join();
}

BOOST_AUTO_TEST_SUITE_END()
