#include "config/replica_url.h"

#include <boost/test/unit_test.hpp>

#include "sample.h"

using namespace streamd;
using namespace streamd::config;

namespace {

struct Fixture : Sample {
  Replica good_url(const std::string& url) const {
    auto replica = parse_replica_url(url, context());
    BOOST_REQUIRE_MESSAGE(replica.has_value(), replica.error().message);
    return std::move(*replica);
  }
  Error bad_url(const std::string& url) const {
    const auto replica = parse_replica_url(url, context());
    BOOST_REQUIRE_MESSAGE(!replica.has_value(), url);
    return replica.error();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(replica_url, Fixture)

BOOST_AUTO_TEST_CASE(a_folder) {
  const Replica replica = good_url("file:///backups/my%20app?fsync=false&retention=30d");
  BOOST_TEST(replica.driver == "file");
  BOOST_TEST(replica.name == "file");
  BOOST_TEST(replica.options.at("path") == "/backups/my app");
  BOOST_TEST(replica.options.at("fsync") == "false");
  BOOST_TEST(replica.prefix == "");
  BOOST_TEST((replica.retention == std::chrono::hours(720)));
  BOOST_TEST(to_text(replica.settings.at("retention").origin) == "command line");
}

BOOST_AUTO_TEST_CASE(a_bucket) {
  const Replica replica =
      good_url("s3://my-bucket/a/b/?region=eu-west-1&endpoint=localhost%3A9000&name=offsite");
  BOOST_TEST(replica.options.at("bucket") == "my-bucket");
  BOOST_TEST(replica.options.at("region") == "eu-west-1");
  BOOST_TEST(replica.options.at("endpoint") == "localhost:9000");
  BOOST_TEST(replica.prefix == "a/b");
  BOOST_TEST(replica.name == "offsite");
  BOOST_TEST(good_url("s3://b").prefix == "");
  BOOST_TEST(good_url("s3://b/").prefix == "");
  BOOST_TEST(good_url("s3://b/{host}").prefix == "box");
}

BOOST_AUTO_TEST_CASE(a_driver_without_a_bucket_gets_its_first_required_option) {
  drivers = [](const std::string&) -> Result<std::vector<OptionSpec>> {
    OptionSpec secret, share;
    secret.name = "token";
    secret.required = secret.secret = true;
    share.name = "share";
    share.required = true;
    return std::vector{secret, share};
  };
  const Replica replica = good_url("own://music/x?token=t");
  BOOST_TEST(replica.options.at("share") == "music");
  BOOST_TEST(replica.prefix == "x");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_url) {
  BOOST_TEST(contains(bad_url("/backups").message, "no driver in front"));
  BOOST_TEST(contains(bad_url("://x").message, "no driver in front"));
  BOOST_TEST(bad_url("file://backups/app").hint == "write three slashes: file:///backups/app");
  BOOST_TEST(contains(bad_url("file://").message, "needs the option 'path'"));
  BOOST_TEST(contains(bad_url("s3:///x").message, "needs the option 'bucket'"));
  BOOST_TEST(bad_url("s3://b?regoin=x").hint == "did you mean 'region'?");
  BOOST_TEST(contains(bad_url("s3://b?colour=x").hint, "known: region"));
  BOOST_TEST(contains(bad_url("s3://b?region").message, "'region' is no option"));
  BOOST_TEST(contains(bad_url("s3://b?=x").message, "'=x' is no option"));
  BOOST_TEST(contains(bad_url("s3://b?region=a&region=b").message, "given twice"));
  BOOST_TEST(contains(bad_url("s3://b?connections=x").message, "connections: 'x' is no whole"));
  BOOST_TEST(contains(bad_url("s3://b/%").message, "'%' without two hex digits"));
  BOOST_TEST(contains(bad_url("s3://b/%4").message, "'%' without two hex digits"));
  BOOST_TEST(contains(bad_url("s3://b/%zz").message, "'%' without two hex digits"));
  for (const char* digits : {"2g", "2G", "2:", "2@", "2`", "2-", "g2", "-2"})
    BOOST_TEST(contains(bad_url(std::string("s3://b/%") + digits).message, "two hex digits"));
  BOOST_TEST(good_url("s3://b/%4a%4A").prefix == "JJ");
  BOOST_TEST(contains(bad_url("s3://b?region=%").message, "'%'"));
  BOOST_TEST(contains(bad_url("s3://b/%00").message, "'%' without two hex digits"));
  BOOST_TEST(contains(bad_url("s3://b%/x").message, "'%'"));
  BOOST_TEST(contains(bad_url("s3://b?a%=x").message, "'%'"));
  BOOST_TEST(contains(bad_url("s3://b/x#y").hint, "%23"));
  BOOST_TEST(contains(bad_url("s3://b/../x").message, "has the part '..'"));
  BOOST_TEST(contains(bad_url("s3://b?name=a%2Fb").message, "is no file name"));
  BOOST_TEST((bad_url("ftp://b").code == Code::kNotFound));
  const Error secret = bad_url("s3://user:sesame@b/x");
  BOOST_TEST(secret.message.find("sesame") == std::string::npos);
  drivers = {};
  BOOST_TEST((bad_url("s3://b").code == Code::kInternal));
}

BOOST_AUTO_TEST_CASE(a_database_and_its_urls) {
  const auto database =
      database_from_urls("/d/a.db", {"file:///x", "file:///y", "s3://b/{name}"}, context());
  BOOST_REQUIRE(database.has_value());
  BOOST_TEST(database->name == "a.db");
  BOOST_TEST(database->spool_max_size == 1u << 30);
  BOOST_REQUIRE(database->replicas.size() == 3u);
  BOOST_TEST(database->replicas[1].name == "file-2");
  BOOST_TEST(database->replicas[2].prefix == "a.db");
  const auto failure = [&](const std::string& path, const std::vector<std::string>& urls) {
    const auto bad = database_from_urls(path, urls, context());
    BOOST_REQUIRE(!bad.has_value());
    return bad.error();
  };
  BOOST_TEST(contains(failure("a.db", {"file:///x"}).message, "not an absolute path"));
  BOOST_TEST(contains(failure("/d/a.db", {"x"}).message, "no driver in front"));
  BOOST_TEST((failure("/d/a.db", {}).code == Code::kUsage));
  BOOST_TEST(
      contains(failure("/d/a.db", {"file:///x", "file:///x/"}).message, "lies at the same place"));
}

BOOST_AUTO_TEST_SUITE_END()
