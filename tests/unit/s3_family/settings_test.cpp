#include "settings.h"

#include <boost/test/unit_test.hpp>

#include "test_call.h"

namespace streamd::s3 {
namespace {

using Given = std::vector<std::pair<std::string, std::string>>;

// "https://host/base region", or the reason why not.
std::string read(Given given, Settings* keep = nullptr, TestCall* host = nullptr) {
  TestCall own;
  TestCall& test = host == nullptr ? own : *host;
  const sdk::Call call(&test.abi);
  const TestOptions options(std::move(given));
  Settings settings;
  const streamd_code code = read_settings(options.options(), call, {}, settings);
  if (keep != nullptr) *keep = settings;
  if (code != STREAMD_OK) return test.message();
  const Address& at = settings.address;
  return at.endpoint.scheme() + "://" + at.endpoint.authority() + at.base + " " + settings.region;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

BOOST_AUTO_TEST_SUITE(settings)

BOOST_AUTO_TEST_CASE(aws) {
  BOOST_TEST(read({{"bucket", "b-1"}, {"region", "us-west-2"}}) ==
             "https://b-1.s3.us-west-2.amazonaws.com/ us-west-2");
  BOOST_TEST(read({{"bucket", "b-1"}, {"endpoint", "s3.us-west-2.amazonaws.com"}}) ==
             "https://b-1.s3.us-west-2.amazonaws.com/ us-west-2");
  BOOST_TEST(read({{"bucket", "b.with.dots"}, {"region", "eu-west-1"}}) ==
             "https://s3.eu-west-1.amazonaws.com/b.with.dots/ eu-west-1");
  BOOST_TEST(read({{"bucket", "b-1"}, {"region", "eu-west-1"}, {"dual-stack", "true"}}) ==
             "https://b-1.s3.dualstack.eu-west-1.amazonaws.com/ eu-west-1");
  BOOST_TEST(read({{"bucket", "b-1"}, {"region", "cn-north-1"}}) ==
             "https://b-1.s3.cn-north-1.amazonaws.com.cn/ cn-north-1");
  BOOST_TEST(read({{"bucket", "arn:aws:s3:us-west-2:123456789012:accesspoint/mine"}}) ==
             "https://mine-123456789012.s3-accesspoint.us-west-2.amazonaws.com/ us-west-2");
  BOOST_TEST(read({{"bucket", "arn:aws:s3:us-west-2:123456789012:accesspoint/mine"},
                   {"dual-stack", "true"}}) ==
             "https://mine-123456789012.s3-accesspoint.dualstack.us-west-2.amazonaws.com/ "
             "us-west-2");
  BOOST_TEST(read({{"bucket", "b-1"}, {"endpoint", "s3.amazonaws.com"}}) ==
             "https://b-1.s3.amazonaws.com/ us-east-1");
}

BOOST_AUTO_TEST_CASE(other_stores) {
  BOOST_TEST(read({{"bucket", "b-1"}, {"endpoint", "nyc3.digitaloceanspaces.com"}}) ==
             "https://b-1.nyc3.digitaloceanspaces.com/ nyc3");
  BOOST_TEST(read({{"bucket", "b-1"}, {"endpoint", "s3.eu-central-003.backblazeb2.com"}}) ==
             "https://s3.eu-central-003.backblazeb2.com/b-1/ eu-central-003");
  BOOST_TEST(read({{"bucket", "b-1"}, {"profile", "wasabi"}, {"region", "eu-central-1"}}) ==
             "https://s3.eu-central-1.wasabisys.com/b-1/ eu-central-1");
  BOOST_TEST(read({{"bucket", "b-1"}, {"endpoint", "http://127.0.0.1:9000"}}) ==
             "http://127.0.0.1:9000/b-1/ us-east-1");
  BOOST_TEST(read({{"bucket", "b-1"},
                   {"endpoint", "http://s3.localhost:9000"},
                   {"address-style", "host"}}) == "http://b-1.s3.localhost:9000/ us-east-1");
}

BOOST_AUTO_TEST_CASE(refusals_say_what_is_wrong) {
  BOOST_TEST(has(read({{"bucket", "b/folder"}, {"region", "x"}}), "belongs into path"));
  BOOST_TEST(has(read({{"bucket", "b?"}, {"region", "x"}}), "no valid name"));
  BOOST_TEST(has(read({{"bucket", "b-1"}, {"profile", "minioo"}}), "none of aws, "));
  BOOST_TEST(has(read({{"bucket", "b-1"}, {"profile", "minio"}}), "endpoint is not set"));
  BOOST_TEST(has(read({{"bucket", "b-1"}, {"profile", "scaleway"}}), "region is not set"));
  const Given good = {{"bucket", "b-1"}, {"region", "us-west-2"}};
  const auto with = [&](const std::string& name, const std::string& value) {
    Given given = good;
    given.emplace_back(name, value);
    return read(given);
  };
  BOOST_TEST(has(with("part-size", "1048576"), "part-size must be"));
  BOOST_TEST(has(with("parallel-parts", "1000"), "parallel-parts must be"));
  BOOST_TEST(has(with("address-style", "dns"), "address-style must be"));
  BOOST_TEST(has(with("if-absent", "maybe"), "if-absent must be"));
  BOOST_TEST(has(with("sse", "aes"), "sse must be"));
  BOOST_TEST(has(with("sse-kms-key-id", "k"), "needs sse = aws:kms"));
  BOOST_TEST(has(with("sse-customer-key", "c2hvcnQ="), "32 bytes in base64"));
}

BOOST_AUTO_TEST_CASE(plain_http_needs_a_private_host) {
  const Given base = {{"bucket", "b-1"}, {"region", "x"}};
  const auto at = [&](const std::string& endpoint, Settings* keep, Given more = {}) {
    Given given = base;
    given.emplace_back("endpoint", endpoint);
    given.insert(given.end(), more.begin(), more.end());
    return read(given, keep);
  };
  Settings settings;
  BOOST_TEST(has(at("http://8.8.8.8", &settings), "allow-http"));
  BOOST_TEST(has(at("http://nas", &settings, {{"proxy", "http://127.0.0.1:1"}}), "allow-http"));
  at("http://nas", &settings);
  BOOST_TEST(settings.network.refuse_public);  // decided by the address it turns out to have
  at("http://127.0.0.1", &settings);
  BOOST_TEST(settings.network.refuse_public);
  at("http://8.8.8.8", &settings, {{"allow-http", "true"}});
  BOOST_TEST(!settings.network.refuse_public);
  at("https://8.8.8.8", &settings);
  BOOST_TEST(!settings.network.refuse_public);
}

BOOST_AUTO_TEST_CASE(what_is_unsafe_is_said_loudly) {
  TestCall unchecked, plain, quiet;
  const Given base = {{"bucket", "b-1"}, {"region", "x"}};
  Given given = base;
  given.emplace_back("tls-verify", "false");
  read(given, nullptr, &unchecked);
  BOOST_TEST(unchecked.logged("3 tls-verify = false"));
  given = base;
  given.insert(given.end(), {{"endpoint", "http://8.8.8.8"}, {"allow-http", "true"}});
  read(given, nullptr, &plain);
  BOOST_TEST(plain.logged("is plain http"));
  read(base, nullptr, &quiet);
  BOOST_TEST(quiet.lines.empty());
}

BOOST_AUTO_TEST_CASE(headers_of_new_objects) {
  Settings settings;
  const std::string key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
  read({{"bucket", "b-1"}, {"region", "x"}, {"storage-class", "STANDARD_IA"}, {"sse", "aws:kms"}},
       &settings);
  BOOST_TEST(settings.store_headers.size() == 2u);
  BOOST_TEST(settings.customer_headers.empty());
  read({{"bucket", "b-1"}, {"region", "x"}, {"sse-customer-key", key}}, &settings);
  BOOST_TEST(settings.customer_headers.size() == 3u);
  BOOST_TEST(
      has(read({{"bucket", "b-1"}, {"endpoint", "http://127.0.0.1"}, {"sse-customer-key", key}}),
          "needs https"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::s3
