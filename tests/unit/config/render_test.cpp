#include "config/render.h"

#include <boost/test/unit_test.hpp>

#include "config/estimate.h"
#include "sample.h"

using namespace streamd;
using namespace streamd::config;

namespace {

constexpr const char* kText =
    "[defaults]\nretention = \"24h\"\n[storage.usb]\ndriver = \"file\"\npath = \"/mnt\"\n"
    "[[database]]\npath = \"/d/a$$.db\"\nreplicas = [\"usb\"]\n[[database.replica]]\n"
    "driver = \"s3\"\nbucket = \"${BUCKET}\"\nsecret-access-key = \"${KEY}\"\npath = \"p/q\"\n"
    "recipients = []\nkeep = { all = \"7d\", daily = 3 }\nconnections = 9\n";

struct Fixture : Sample {
  Fixture() {
    environment["KEY"] = "sesame";
    environment["BUCKET"] = "real-bucket";
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(render, Fixture)

BOOST_AUTO_TEST_CASE(toml_with_origins) {
  const std::string text = render_toml(good(kText), true);
  BOOST_TEST(text.find("sesame") == std::string::npos);
  const auto line = [&](const std::string& setting, const std::string& origin) {
    const std::size_t at = text.find(setting + " ");
    if (at == std::string::npos) return contains(text, setting);
    return contains(text.substr(at, text.find('\n', at) - at), "# " + origin);
  };
  BOOST_TEST(line("http = \"127.0.0.1:9187\"", "default"));
  BOOST_TEST(line("path = \"/d/a$$.db\"", "t.toml:7"));
  BOOST_TEST(line("retention = \"24h\"", "t.toml:2"));
  BOOST_TEST(line("bucket = \"real-bucket\"", "t.toml:11"));
  BOOST_TEST(line("secret-access-key = \"***\"", "t.toml:12"));
  BOOST_TEST(line("recipients = []", "t.toml:14"));
  BOOST_TEST(line("keep = { all = \"7d\", daily = 3 }", "t.toml:15"));
  BOOST_TEST(line("connections = 9", "t.toml:16"));
  BOOST_TEST(line("prune = true", "default"));
  BOOST_TEST(contains(text, "# storage: usb\n"));
  BOOST_TEST(contains(text, "# keys below: box/d/a$.db/\n"));
}

BOOST_AUTO_TEST_CASE(toml_can_be_read_again) {
  const Config config = good(kText);
  const Config again = good(render_toml(config, true));
  BOOST_REQUIRE(again.databases.size() == 1u);
  const Replica& before = config.databases[0].replicas[0];
  const Replica& after = again.databases[0].replicas[0];
  BOOST_TEST(again.databases[0].path == config.databases[0].path);
  BOOST_TEST(after.prefix == before.prefix);
  BOOST_TEST((after.keep == before.keep));
  BOOST_TEST((after.retention == before.retention));
}

BOOST_AUTO_TEST_CASE(json) {
  const Config config = good(kText);
  const Json plain = render_json(config, false);
  BOOST_TEST(plain.print().find("sesame") == std::string::npos);
  BOOST_TEST(plain.at("streamd").string("http") == "127.0.0.1:9187");
  const Json& database = plain.at("databases").items().at(0);
  BOOST_TEST(database.string("path") == "/d/a$.db");
  const Json& replica = database.at("replicas").items().at(0);
  BOOST_TEST(replica.string("name") == "s3");
  BOOST_TEST(replica.string("secret-access-key") == "***");
  BOOST_TEST(replica.integer("connections") == 9);
  BOOST_TEST(replica.boolean("prune"));
  BOOST_TEST(replica.at("recipients").items().empty());
  BOOST_TEST(plain.at("streamd").at("driver-path").items().size() == 1u);
  BOOST_TEST(replica.at("keep").string("all") == "7d");
  BOOST_TEST(replica.at("keep").integer("daily") == 3);
  BOOST_TEST(database.at("replicas").items().at(1).string("storage") == "usb");
  const Json full = render_json(config, true);
  const Json& retention =
      full.at("databases").items().at(0).at("replicas").items().at(0).at("retention");
  BOOST_TEST(retention.string("value") == "24h");
  BOOST_TEST(retention.string("origin") == "t.toml:2");
}

BOOST_AUTO_TEST_CASE(requests_and_their_price) {
  const auto estimates = estimate_requests(good(kText));
  BOOST_REQUIRE(estimates.size() == 2u);
  const RequestEstimate& s3 = estimates[0];
  BOOST_TEST(s3.syncs == 2'592'000u);  // one a second
  BOOST_TEST(s3.snapshots == 30u);
  BOOST_TEST(*s3.dollars == 12.96, boost::test_tools::tolerance(0.001));
  BOOST_TEST(!estimates[1].dollars.has_value());
  const std::string text = estimate_report(estimates);
  BOOST_TEST(contains(text, "a$.db -> s3: at most 2592030 uploads a month"));
  BOOST_TEST(contains(text, "about $12.96 at list price\n"));
  BOOST_TEST(contains(text, "-> usb: at most 2592030"));
}

BOOST_AUTO_TEST_SUITE_END()
