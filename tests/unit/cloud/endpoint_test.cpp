#include "endpoint.h"

#include <netinet/in.h>

#include <boost/test/unit_test.hpp>

namespace streamd::cloud {
namespace {

BOOST_AUTO_TEST_SUITE(endpoint)

std::string shown(const std::string& text) {
  const Endpoint endpoint = parse_endpoint(text);
  return endpoint.error.empty() ? endpoint.scheme() + "://" + endpoint.authority() : "refused";
}

BOOST_AUTO_TEST_CASE(what_users_write) {
  BOOST_TEST(shown("s3.us-west-2.amazonaws.com") == "https://s3.us-west-2.amazonaws.com");
  BOOST_TEST(shown("https://Example.COM/") == "https://example.com");
  BOOST_TEST(shown("https://example.com:443") == "https://example.com");
  BOOST_TEST(shown("http://127.0.0.1:80") == "http://127.0.0.1");
  BOOST_TEST(shown("http://[::1]:9000") == "http://[::1]:9000");
  BOOST_TEST(shown("[::1]") == "https://[::1]");
  BOOST_TEST(shown("http://my_nas-2:443") == "http://my_nas-2:443");
  for (const char* text :
       {"", "ftp://x", "https://x/bucket", "x:0", "x:70000", "x:9a", "x:", "x:99999999999", "[::1",
        "[::1]x", "[1.2.3.4]", "a b", "x?y", "x@y", "x{y", "x`y"})
    BOOST_TEST(shown(text) == "refused", text);
}

BOOST_AUTO_TEST_CASE(private_hosts) {
  for (const char* host : {"localhost", "s3.localhost", "127.0.0.1", "127.8.9.1", "10.1.2.3",
                           "172.16.0.1", "172.31.255.1", "192.168.1.1", "169.254.169.254", "[::1]",
                           "[fd00:ec2::254]", "[fc00::1]", "[fe80::1]", "[::ffff:10.0.0.1]"})
    BOOST_TEST(is_private_host(host), host);
  for (const char* host : {"localhost.com", "notlocalhost", "8.8.8.8", "172.32.0.1", "172.15.0.1",
                           "11.0.0.1", "192.169.0.1", "[2001:db8::1]", "[::ffff:8.8.8.8]", "nas",
                           "[::]", "[::2]", "[::1:0:1]", "[0:0:1::1]", "[::ffff:0:0:1]"})
    BOOST_TEST(!is_private_host(host), host);
  BOOST_TEST(is_address("8.8.8.8"));
  BOOST_TEST(is_address("[::1]"));
  BOOST_TEST(!is_address("nas"));
}

BOOST_AUTO_TEST_CASE(private_addresses_of_connections) {
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  BOOST_TEST(is_private_address(reinterpret_cast<const sockaddr*>(&four)));
  four.sin_addr.s_addr = htonl(0x08080808);
  BOOST_TEST(!is_private_address(reinterpret_cast<const sockaddr*>(&four)));
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_addr = in6addr_loopback;
  BOOST_TEST(is_private_address(reinterpret_cast<const sockaddr*>(&six)));
  sockaddr local{};
  local.sa_family = AF_UNIX;
  BOOST_TEST(is_private_address(&local));
  local.sa_family = AF_PACKET;
  BOOST_TEST(!is_private_address(&local));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::cloud
