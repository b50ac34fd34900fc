#include "address.h"

#include <boost/test/unit_test.hpp>

#include "profile.h"

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
  BOOST_TEST(region_in_host("s3.b.us-west-2.amazonaws.com", aws) == "");
  BOOST_TEST(region_in_host("s4.us-west-2.amazonaws.com", aws) == "");
  BOOST_TEST(region_in_host("s3.us-west-2.example.com", aws) == "");
  BOOST_TEST(region_in_host("b.s3.eu-west-1.amazonaws.com", aws) == "");
  BOOST_TEST(region_in_host("nyc3.digitaloceanspaces.com", "{region}.digitaloceanspaces.com") ==
             "nyc3");
  BOOST_TEST(region_in_host("127.0.0.1", "") == "");
}

BOOST_AUTO_TEST_CASE(profiles) {
  BOOST_TEST(find_profile("wasabi")->region == std::string("us-east-1"));
  BOOST_TEST(find_profile("unheard-of") == nullptr);
  BOOST_TEST(profile_of_host("s3.us-west-2.amazonaws.com").name == std::string("aws"));
  BOOST_TEST(profile_of_host("nas.local").name == std::string("generic"));
  const std::string names = profile_names();
  BOOST_TEST(names.starts_with("aws, aws-cn, r2, "));
  BOOST_TEST(names.find("tigris") == names.rfind("tigris"));  // two rows, one name
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::s3
