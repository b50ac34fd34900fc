#include "scripted_store.h"
#include "silent_names.h"

namespace streamd::s3 {
namespace {

BOOST_AUTO_TEST_SUITE(name_service)

BOOST_AUTO_TEST_CASE(a_call_that_waits_for_it_ends_when_it_is_cancelled) {
  const auto driver = open_at("https://silent.example");
  TestCall host;
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    host.cancel = true;
  });
  const auto began = std::chrono::steady_clock::now();
  std::string data;
  BOOST_TEST(get(*driver, host, data) == STREAMD_CANCELLED);
  BOOST_TEST((std::chrono::steady_clock::now() - began < kSilence / 2));
  canceller.join();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::s3
