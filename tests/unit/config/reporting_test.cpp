#include "config/reporting.h"

#include "config/http_address.h"
#include "sample.h"

using namespace streamd;
using namespace streamd::config;

BOOST_AUTO_TEST_SUITE(reporting)

BOOST_AUTO_TEST_CASE(addresses) {
  const auto text = [](const std::string& written) {
    const auto address = parse_http_address(written);
    return address ? to_text(*address) + (is_loopback(*address) ? " here" : " everywhere") : "none";
  };
  BOOST_TEST(text("127.0.0.1:9187") == "127.0.0.1:9187 here");
  BOOST_TEST(text("127.9.9.9:1") == "127.9.9.9:1 here");
  BOOST_TEST(text("localhost:80") == "127.0.0.1:80 here");
  BOOST_TEST(text("[::1]:0") == "[::1]:0 here");
  BOOST_TEST(text(":9187") == "0.0.0.0:9187 everywhere");
  for (const char* everywhere : {"[::]:9187", "[1::1]:9187", "[0:0:1::1]:9187", "[::1:0:1]:9187"})
    BOOST_TEST(text(everywhere) == std::string(everywhere) + " everywhere");
  BOOST_TEST(text("10.0.0.1:65535") == "10.0.0.1:65535 everywhere");
  for (const char* wrong :
       {"", "9187", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1",
        "[::1:80", "::1]:80", "::1:80", "[127.0.0.1]:80", "[]:80", "example.org:80", "127.1:80"})
    BOOST_TEST(text(wrong) == "none", wrong);
  for (const char* name : {"localhost", "::1x"})  // no address, so nobody knows where it leads
    BOOST_TEST(!is_loopback({name, 80}), name);
}

BOOST_AUTO_TEST_CASE(tokens) {
  const std::string token = "0123456789abcdef";
  BOOST_TEST(check_http("", "").has_value());
  BOOST_TEST(check_http("127.0.0.1:1", "").has_value());
  BOOST_TEST(check_http("127.0.0.1:1", token).has_value());
  BOOST_TEST(check_http("0.0.0.0:1", token).has_value());
  BOOST_TEST(!check_http("0.0.0.0:1", "").has_value());
  BOOST_TEST(!check_http("127.0.0.1:1", "short").has_value());
  BOOST_TEST(!check_http("127.0.0.1:1", token + " " + token).has_value());
  BOOST_TEST(!check_http("127.0.0.1", token).has_value());
}

BOOST_AUTO_TEST_CASE(in_a_file) {
  const Sample sample;
  const std::string database =
      "[[database]]\npath = \"/d/a.db\"\nheartbeat-interval = \"5m\"\n[[database.replica]]\ndriver "
      "= "
      "\"file\"\npath = \"/b\"\n";
  const Config config = sample.good(
      "[streamd]\nhttp = \":1\"\nhttp-token = \"0123456789abcdef\"\non-event = [\"/bin/tell\", "
      "\"x\"]\nevents = [\"failing\"]\n[defaults]\nheartbeat-url = \"https://a.example/b\"\n" +
      database);
  BOOST_TEST(config.streamd.on_event.size() == 2u);
  BOOST_TEST((config.streamd.on_event_timeout == milliseconds(30'000)));
  BOOST_TEST(config.databases[0].heartbeat_url == "https://a.example/b");
  BOOST_TEST((config.databases[0].heartbeat_interval == milliseconds(300'000)));
  const Problems problems =
      sample
          .load(
              "[streamd]\nhttp = \"0.0.0.0:1\"\non-event = \"tell\"\non-event-url = \"http://\"\n"
              "events = [\"nothing\", \"recoverd\"]\n[defaults]\nheartbeat-url = \"a b\"\n" +
              database)
          .problems;
  const std::string report = check_report(problems);
  for (const char* words :
       {"t.toml:2: http: 0.0.0.0:1 can be reached", "'tell' is no absolute path",
        "on-event-url is no address", "events are failing,", "did you mean 'recovered'?",
        "heartbeat-url is no address"})
    BOOST_TEST(report.find(words) != std::string::npos, words << " in " << report);
}

BOOST_AUTO_TEST_SUITE_END()
