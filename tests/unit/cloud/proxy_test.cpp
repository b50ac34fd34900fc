#include "proxy.h"

#include <boost/test/unit_test.hpp>

namespace streamd::cloud {
namespace {

std::string parts(const std::string& text) {
  Proxy proxy;
  if (!parse_proxy(text, proxy)) return "refused";
  return proxy.url + "|" + proxy.user + "|" + proxy.password;
}

BOOST_AUTO_TEST_SUITE(proxy)

BOOST_AUTO_TEST_CASE(what_users_write) {
  BOOST_TEST(parts("") == "||");
  BOOST_TEST(parts("proxy:3128") == "http://proxy:3128/||");
  BOOST_TEST(parts("http://proxy.example") == "http://proxy.example/||");
  BOOST_TEST(parts("http://[::1]:3128/") == "http://[::1]:3128/||");
  BOOST_TEST(parts("user:word@proxy:3128") == "http://proxy:3128/|user|word");
  BOOST_TEST(parts("https://u%40x:p%2F%25%3A@proxy:3128") == "https://proxy:3128/|u@x|p/%:");
  BOOST_TEST(parts("socks5h://u@proxy:1080") == "socks5h://proxy:1080/|u|");
  BOOST_TEST(parts("socks5h://localhost/run/s.sock") == "socks5h://localhost/run/s.sock||");
}

BOOST_AUTO_TEST_CASE(what_they_write_wrong) {
  for (const char* text :
       {"http://user:SECRET/1@proxy:3128", "http://user:1/SECRET@proxy:3128", "user:1?S@proxy:3128",
        "user:1#S@proxy:3128", "http://proxy:port", "http://", "http://a b", "http://u:%00@proxy"})
    BOOST_TEST(parts(text) == "refused", text);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::cloud
