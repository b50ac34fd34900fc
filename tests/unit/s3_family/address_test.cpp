#include "address.h"

#include <boost/test/unit_test.hpp>

namespace streamd::s3 {
namespace {

BOOST_AUTO_TEST_SUITE(address)

BOOST_AUTO_TEST_CASE(where_the_bucket_is) {
  const Endpoint endpoint = parse_endpoint("http://localhost:9000");
  const Address path = address_of(endpoint, "b", false);
  BOOST_TEST(path.endpoint.authority() + path.base == "localhost:9000/b/");
  const Address host = address_of(endpoint, "b", true);
  BOOST_TEST(host.endpoint.authority() + host.base == "b.localhost:9000/");
}

BOOST_AUTO_TEST_CASE(region_of_a_host) {
  const std::string aws = "s3.{region}.amazonaws.com";
  BOOST_TEST(region_in_host("s3.us-west-2.amazonaws.com", aws) == "us-west-2");
  BOOST_TEST(region_in_host("s3.dualstack.eu-west-1.amazonaws.com", aws) == "eu-west-1");
  BOOST_TEST(region_in_host("s3.amazonaws.com", aws) == "");
  BOOST_TEST(region_in_host("b.s3.eu-west-1.amazonaws.com", aws) == "");
  BOOST_TEST(region_in_host("nyc3.digitaloceanspaces.com", "{region}.digitaloceanspaces.com") ==
             "nyc3");
  BOOST_TEST(region_in_host("127.0.0.1", "") == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::s3
