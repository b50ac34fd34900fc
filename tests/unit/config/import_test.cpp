#include "config/import/litestream.h"

#include <boost/test/unit_test.hpp>

#include "config/import/go_values.h"
#include "config/import/replica_place.h"
#include "sample.h"

using namespace streamd;
using namespace streamd::config;

namespace {

std::string duration(std::string_view text) {
  const auto time = parse_go_duration(text);
  return time ? std::to_string(time->count()) : "none";
}

std::string place(const std::string& url) {
  const auto found = place_of_url(url);
  if (!found) return "none";
  std::string text = found->type;
  for (const auto& [option, value] : found->options) text += " " + option + "=" + value;
  return text;
}

Imported imported(const std::string& yaml) {
  auto result = import_litestream(yaml, "l.yml");
  BOOST_REQUIRE_MESSAGE(result.has_value(), result.error().message);
  return std::move(*result);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(import, Sample)

BOOST_AUTO_TEST_CASE(durations_of_go) {
  BOOST_TEST(duration("1h30m") == "5400000");
  BOOST_TEST(duration("1.5s") == "1500");
  BOOST_TEST(duration("10us") == "1");
  BOOST_TEST(duration("250ms") == "250");
  BOOST_TEST(duration("5000000000") == "5000");  // a bare number is nanoseconds
  BOOST_TEST(duration("0") == "0");
  for (const char* wrong : {"", "-1s", "s", "1x", "1h-2m", "1h2", "nan", "99999999999999999h"})
    BOOST_TEST(duration(wrong) == "none", wrong);
}

BOOST_AUTO_TEST_CASE(variables_stay_variables) {
  BOOST_TEST(convert_variables("a${B_1}c$D-e") == "a${B_1}c${D}-e");
  BOOST_TEST(convert_variables("$$x$1y$?") == "xy");
  BOOST_TEST(convert_variables("5$ is 5$") == "5$$ is 5$$");
  BOOST_TEST(convert_variables("a${}b${c") == "ab${c}");
  BOOST_TEST(convert_variables("a${1}b") == "ab");
  BOOST_TEST(convert_variables("a$") == "a$$");
}

BOOST_AUTO_TEST_CASE(places_of_urls) {
  BOOST_TEST(place("file:///backups/app") == "file path=/backups/app");
  BOOST_TEST(place("file://${DIR}/app") == "file path=${DIR}/app");
  BOOST_TEST(place("s3://b/x/y") == "s3 bucket=b path=x/y");
  BOOST_TEST(place("s3://b") == "s3 bucket=b");
  BOOST_TEST(place("s3://b.localhost:9000/x") ==
             "s3 bucket=b endpoint=http://localhost:9000 path=x");
  BOOST_TEST(place("s3://b.nyc3.digitaloceanspaces.com/x") ==
             "s3 bucket=b endpoint=https://nyc3.digitaloceanspaces.com path=x");
  BOOST_TEST(place("s3://b.s3.eu-west-1.amazonaws.com/x") == "s3 bucket=b path=x region=eu-west-1");
  BOOST_TEST(place("s3://b/x?endpoint=10.0.0.1:9000&region=r&forcePathStyle=true&odd") ==
             "s3 bucket=b endpoint=http://10.0.0.1:9000 force-path-style=true path=x region=r");
  BOOST_TEST(place("sftp://h/x") == "sftp path=x");
  BOOST_TEST(place("nothing") == "none");
  BOOST_TEST(beside("app/") == "app-streamd");
  BOOST_TEST(beside("") == "streamd");
}

BOOST_AUTO_TEST_CASE(a_file_of_0_3) {
  environment = {{"LITESTREAM_KEY", "k"}, {"SECRET", "s"}};
  const Imported made = imported(R"(
access-key-id: $LITESTREAM_KEY
secret-access-key: ${SECRET}
addr: ":9090"
logging: {level: warning, type: json}
dbs:
  - path: /data/app.db
    monitor-interval: 1s
    meta-path: /var/x
    replicas:
      - url: s3://bucket/app
        region: us-west-2
        retention: 72h
        retention-check-interval: 1h
        snapshot-interval: 12h
        sync-interval: 10s
        validation-interval: 6h
      - type: file
        path: /backups/app
        retention: 0
  - path: /data/b.db
    replicas:
      - path: /backups/b
)");
  const Config config = good(made.toml);
  BOOST_REQUIRE(config.databases.size() == 2u);
  const Replica& s3 = config.databases[0].replicas.at(0);
  BOOST_TEST(s3.options.at("bucket") == "bucket");
  BOOST_TEST(s3.options.at("access-key-id") == "k");
  BOOST_TEST(s3.prefix == "app-streamd");
  BOOST_TEST(s3.retention.count() == 72 * 3600'000);
  BOOST_TEST(s3.snapshot_interval.count() == 12 * 3600'000);
  BOOST_TEST(s3.verify_interval.count() == 6 * 3600'000);
  BOOST_TEST(s3.sync_interval.count() == 10'000);
  const Replica& folder = config.databases[0].replicas.at(1);
  BOOST_TEST(folder.options.at("path") == "/backups/app-streamd");
  BOOST_TEST((folder.prune == Prune::kNever));
  BOOST_TEST((config.log.format == LogStyle::kJson));
  const std::string warnings = check_report(made.warnings);
  BOOST_TEST(contains(warnings, "l.yml:8: warning: monitor-interval: "));
  BOOST_TEST(contains(warnings, "meta-path: "));
  BOOST_TEST(contains(warnings, "retention-check-interval: "));
  BOOST_TEST(contains(warnings, "addr: "));
  BOOST_TEST(!contains(warnings, "secret-access-key"));
  BOOST_TEST(contains(made.toml, "secret-access-key = \"${SECRET}\""));
}

BOOST_AUTO_TEST_CASE(a_file_of_0_5) {
  const Imported made = imported(R"(
snapshot: {interval: 1h, retention: 48h}
levels: [{interval: 30s}]
shutdown-sync-timeout: 1m
retention: {enabled: false}
socket: {enabled: true}
logging: {level: INFO, type: pretty, stderr: true, source: true}
bucket: b
region: r
secret-access-key: written out
dbs:
  - path: sqlite:///data/a.db
    restore-if-db-not-exists: true
    truncate-page-n: 5
    replica:
      type: s3
      path: a
      endpoint: s3.example.com
      part-size: 10MiB
      concurrency: 3
      force-path-style: true
      skip-verify: true
      sign-payload: true
      sse-customer-key-path: /etc/key
      unheard-of: 1
)");
  const std::string& toml = made.toml;
  for (const char* line :
       {"[streamd]\nshutdown-timeout = \"1m\"", "[defaults]\nsnapshot-interval = \"1h\"",
        "retention = \"2d\"", "prune = false", "path = \"/data/a.db\"\nrestore-missing = true",
        "driver = \"s3\"", "path = \"a-streamd\"", "endpoint = \"https://s3.example.com\"",
        "part-size = \"10MiB\"", "parallel-parts = \"3\"", "address-style = \"path\"",
        "tls-verify = false", "bucket = \"b\"", "level = \"info\"", "format = \"text\"",
        "sse-customer-key = \"file:/etc/key\"", "secret-access-key = \"written out\""})
    BOOST_TEST(contains(toml, line));
  const std::string warnings = check_report(made.warnings);
  for (const char* words :
       {"secret-access-key: it is written out", "unheard-of: neither program",
        "truncate-page-n: ", "sign-payload: ", "levels: ", "socket: ", "source: "})
    BOOST_TEST(contains(warnings, words));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_carried_over_is_left_out) {
  const Imported made = imported(R"(
dbs:
  - dir: /data
    pattern: "*.db"
  - path: /data/a.db
    replicas:
      - {url: "sftp://h/x"}
      - {path: /b/a, age: {recipients: [x]}}
      - {path: /b/a}
      - {path: /c/a}
  - path: /data/none.db
    replicas: [{type: abs, bucket: x}]
  - path: ~/x.db
    replica: {path: ~/b}
)");
  environment["HOME"] = "/home/u";
  const Config config = good(made.toml);
  BOOST_REQUIRE(config.databases.size() == 2u);
  BOOST_TEST(config.databases[0].replicas.size() == 2u);
  BOOST_TEST(config.databases[0].replicas[1].name == "file-2");
  BOOST_TEST(config.databases[1].path == "/home/u/x.db");
  const std::string warnings = check_report(made.warnings);
  for (const char* words : {"it names a folder", "'sftp' is not carried over", "encrypts it",
                            "/data/none.db is left out"})
    BOOST_TEST(contains(warnings, words));
}

BOOST_AUTO_TEST_CASE(files_that_are_none) {
  for (const char* wrong : {"", "a: [", "just text", "dbs: []", "dbs: 5", "dbs: [1, {path: /x}]",
                            "a: &a [*a]", "\t- x"})
    BOOST_TEST(!import_litestream(wrong, "l.yml").has_value(), wrong);
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 9; ++k) bomb += ", " + before;
    bomb += "]\n";
  }
  BOOST_TEST(contains(import_litestream(bomb, "l.yml").error().message, "too large"));
  for (const char* letters : {"\xff", "\xc3", "\xed\xa0\x80", "\xc0\xaf", "\xf4\x90\x80\x80"})
    BOOST_TEST(contains(import_litestream("dbs: [{path: /d/" + std::string(letters) + "}]", "l.yml")
                            .error()
                            .message,
                        "not UTF-8"));
}

BOOST_AUTO_TEST_SUITE_END()
