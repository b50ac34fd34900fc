// A proxy and its password.
#include <cstdlib>

#include "digest.h"
#include "encoding.h"
#include "scripted_store.h"

namespace streamd::s3 {
namespace {

BOOST_AUTO_TEST_SUITE(through_a_proxy)

BOOST_AUTO_TEST_CASE(user_and_password_reach_it) {
  const ScriptedServer proxy([](const SeenRequest&, std::size_t) { return response(200, ""); });
  const std::string at = proxy.endpoint().substr(proxy.endpoint().rfind('/') + 1);
  const auto driver = open_at("http://store.example",
                              {{"proxy", "http://u%40x:p%2F%25:@" + at}, {"allow-http", "true"}});
  const TestCall host;
  BOOST_TEST(put(*driver, host, "k", TestSource(1)) == STREAMD_OK);
  BOOST_REQUIRE(proxy.seen().size() == 1u);
  BOOST_TEST(proxy.seen()[0].header("Proxy-Authorization") == "Basic " + cloud::base64("u@x:p/%:"));
}

BOOST_AUTO_TEST_CASE(a_wrong_url_is_refused_and_not_told) {
  const TestOptions options({{"bucket", "bucket"},
                             {"endpoint", "https://store.example"},
                             {"access-key-id", "AKID"},
                             {"secret-access-key", "secret"},
                             {"proxy", "http://user:TOPSECRET/1@proxy.example:3128"}});
  TestCall host;
  const sdk::Call call(&host.abi);
  std::unique_ptr<sdk::Driver> instance;
  BOOST_TEST(Store::open(options.options(), call, {}, instance) == STREAMD_INVALID_CONFIG);
  BOOST_TEST(host.message().find("proxy is no URL") != std::string::npos, host.message());
  BOOST_TEST(host.message().find("TOPSECRET") == std::string::npos, host.message());
}

BOOST_AUTO_TEST_CASE(one_of_the_environment_is_not_told_either) {
  for (const char* wrong :
       {"http://user:TOPSECRET/1@proxy.example:3128", "nosuch://user:TOPSECRET@127.0.0.1:1"}) {
    setenv("http_proxy", wrong, 1);
    const auto driver = open_at("http://store.example", {{"allow-http", "true"}});
    const TestCall host;
    BOOST_TEST(put(*driver, host, "k", TestSource(1)) != STREAMD_OK);
    unsetenv("http_proxy");
    BOOST_TEST(host.message().find("the URL of the proxy") != std::string::npos, host.message());
    BOOST_TEST(host.message().find("TOPSECRET") == std::string::npos, host.message());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::s3
