#include "daemon/page_json.h"

#include "daemon/health.h"
#include "daemon/http_api.h"
#include "fleet.h"

using namespace streamd;
using namespace streamd::daemon;
using replicate::Phase;
using replicate::ReplicaState;

namespace {

Json page(const std::vector<Observation>& databases, const PageQuery& query = {}) {
  const auto minutes = [](const std::string&, const std::string&) {
    return std::vector<float>{-1, 0.25f};
  };
  return page_json(databases, query, minutes, 10'000'000);
}

std::string verdict(const std::vector<Observation>& databases) {
  const Json json = page(databases).at("verdict");
  return std::to_string(json.integer("concern")) + " " + json.string("text");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(page_data)

BOOST_AUTO_TEST_CASE(verdicts) {
  Observation well = sample_database("/a"), one_fails = well, all_fail = well, lost = well;
  one_fails.status.replicas.push_back(sample_replica("usb"));
  fail(one_fails.status.replicas[1]);
  fail(all_fail.status.replicas[0]);
  lost.status.phase = Phase::kAttaching;
  lost.status.error = make_error(Code::kNotWal, "not in wal mode");
  BOOST_TEST(verdict({well}) == "0 Your database is safe");
  BOOST_TEST(verdict({one_fails}) == "1 Your database needs attention");
  BOOST_TEST(verdict({all_fail}) == "2 Your database is not safe");
  BOOST_TEST(verdict({lost}) == "2 Your database is not safe");
  BOOST_TEST(verdict({well, well}) == "0 All 2 databases are safe");
  BOOST_TEST(verdict({well, one_fails}) == "1 1 of 2 databases needs attention");
  BOOST_TEST(verdict({one_fails, one_fails}) == "1 2 of 2 databases need attention");
  BOOST_TEST(verdict({well, one_fails, all_fail}) == "2 1 of 3 databases is not safe");
  BOOST_TEST(verdict({lost, all_fail}) == "2 2 of 2 databases are not safe");
  lost.status.error = make_error(Code::kWaiting, "the application has not opened it");
  BOOST_TEST(verdict({lost}) == "1 Your database needs attention");
  well.status.stands_still = milliseconds(6000);
  BOOST_TEST(verdict({well}) == "2 Your database is not safe");
}

BOOST_AUTO_TEST_CASE(problems_come_first_and_pages_end) {
  std::vector<Observation> databases;
  for (const char* path : {"/a", "/b", "/c", "/d"}) databases.push_back(sample_database(path));
  fail(databases[2].status.replicas[0]);
  Json json = page(databases, {"", 0, 2});
  BOOST_TEST(json.at("databases").items().size() == 2u);
  BOOST_TEST(json.at("databases").items()[0].string("database") == "/c");
  BOOST_TEST(json.integer("total") == 4);
  json = page(databases, {"", 3, 2});
  BOOST_TEST(json.at("databases").items().size() == 1u);
  BOOST_TEST(page(databases, {"", 9, 2}).at("databases").items().empty());
  BOOST_TEST(page(databases, {"FAILING", 0, 0}).integer("total") == 1);
  BOOST_TEST(page(databases, {"offsite", 0, 0}).integer("total") == 4);
  BOOST_TEST(page(databases, {"nobody", 0, 0}).integer("total") == 0);
}

BOOST_AUTO_TEST_CASE(a_replica) {
  Observation seen = sample_database("/a");
  seen.status.replicas[0].behind_since = 7'500'000;
  const Json json = page({seen});
  const Json& replica = json.at("databases").items()[0].at("replicas").items()[0];
  BOOST_TEST(replica.at("lag_seconds").print() == "2.5");
  BOOST_TEST(replica.at("lag_minutes").print() == "[null,0.25]");
  BOOST_TEST(replica.at("restorable").items()[0].integer("last") == 5);
}

BOOST_AUTO_TEST_CASE(health) {
  Observation seen = sample_database("/a");
  BOOST_TEST(liveness({seen}).good);
  BOOST_TEST(readiness({seen}).good);
  seen.status.replicas[0].restorable.clear();
  BOOST_TEST(!readiness({seen}).good);
  seen.status.phase = Phase::kOpening;
  BOOST_TEST(readiness({seen}).report.integer("not_ready") == 2);
  BOOST_TEST(readiness(std::vector<Observation>(80, seen)).report.at("reasons").items().size() ==
             100u);
  seen.status.stands_still = milliseconds(6000);
  BOOST_TEST(!liveness({seen}).good);
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_read) {
  std::vector<FolderStatus> folders{{"/data", std::nullopt}};
  BOOST_TEST(readiness({}, folders).good);
  folders.push_back({"/gone", make_error(Code::kNotFound, "it is not there")});
  const Health health = readiness({}, folders);
  BOOST_TEST(!health.good);
  BOOST_TEST(health.report.at("reasons").items().at(0).string("directory") == "/gone");
  const auto minutes = [](const std::string&, const std::string&) { return std::vector<float>(); };
  const Json json = page_json({sample_database("/a")}, {}, minutes, 0, folders);
  BOOST_TEST(json.at("verdict").integer("concern") == 2);
  BOOST_TEST(json.at("verdict").string("text") == "The databases in /gone are not known");
  BOOST_TEST(json.at("folders").items().at(0).at("error").is_null());
}

BOOST_AUTO_TEST_CASE(names_of_this_machine) {
  for (const char* own :
       {"", "localhost", "localhost:9187", "127.0.0.1:9187", "10.1.2.3", "[::1]:9187"})
    BOOST_TEST(is_own_name(own), own);
  for (const char* other : {"evil.example", "evil.example:9187", "127.0.0.1.evil.example", "[::1",
                            "[x]:1", "[::1].evil.example"})
    BOOST_TEST(!is_own_name(other), other);
}

BOOST_AUTO_TEST_SUITE_END()
