#include "daemon/event_watch.h"

#include "daemon/heartbeats.h"
#include "fleet.h"

using namespace streamd;
using namespace streamd::daemon;
using std::chrono::seconds;

namespace {

struct Fixture {
  EventWatch watch;
  Observation seen = sample_database("/a");
  replicate::DatabaseStatus& status = seen.status;
  MonoTime now{seconds(1000)};

  // What is told `later` after the last look: "failing offsite, recovered".
  std::string look(seconds later) {
    now += later;
    std::string all;
    for (const Event& event : watch.look(seen, now, 1))
      all += (all.empty() ? "" : ", ") + std::string(event_name(event.kind)) +
             (event.replica.empty() ? "" : " " + event.replica);
    return all;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(event_watch, Fixture)

BOOST_AUTO_TEST_CASE(what_lasts_is_told_once) {
  BOOST_TEST(look(seconds(0)) == "");
  fail(status.replicas[0]);
  BOOST_TEST(look(seconds(2)) == "");
  BOOST_TEST(look(seconds(4)) == "");
  BOOST_TEST(look(seconds(1)) == "failing offsite");
  BOOST_TEST(look(seconds(100)) == "");
  status.replicas[0] = sample_replica("offsite");
  BOOST_TEST(look(seconds(1)) == "recovered offsite");
  BOOST_TEST(look(seconds(1)) == "");
}

BOOST_AUTO_TEST_CASE(what_passes_is_not) {
  status.error = make_error(Code::kIo, "x");
  BOOST_TEST(look(seconds(0)) == "");
  status.error.reset();
  BOOST_TEST(look(seconds(4)) == "");
  status.error = make_error(Code::kIo, "x");
  BOOST_TEST(look(seconds(4)) == "");
  BOOST_TEST(look(seconds(5)) == "failing");
  status.error = make_error(Code::kWaiting, "the application has not opened it");
  BOOST_TEST(look(seconds(1)) == "recovered");
}

BOOST_AUTO_TEST_CASE(generations_snapshots_and_writers) {
  BOOST_TEST(look(seconds(0)) == "");
  status.generations_begun = 1;
  BOOST_TEST(look(seconds(1)) == "generation-started");
  status.replicas[0].snapshots_taken = 1;
  BOOST_TEST(look(seconds(1)) == "snapshot-taken offsite");
  status.replicas[0].state = replicate::ReplicaState::kTakenOver;
  BOOST_TEST(look(seconds(1)) == "taken-over offsite");
  BOOST_TEST(look(seconds(10)) == "");
}

BOOST_AUTO_TEST_CASE(taken_over_is_not_recovered) {
  fail(status.replicas[0]);
  BOOST_TEST(look(seconds(0)) == "");
  BOOST_TEST(look(seconds(5)) == "failing offsite");
  status.replicas[0].state = replicate::ReplicaState::kTakenOver;
  BOOST_TEST(look(seconds(1)) == "taken-over offsite");
  BOOST_TEST(look(seconds(10)) == "");
  status.replicas[0] = sample_replica("offsite");
  BOOST_TEST(look(seconds(1)) == "recovered offsite");
}

BOOST_AUTO_TEST_CASE(words_at_the_end_of_an_address) {
  BOOST_TEST(with_word("https://a/b", "/fail") == "https://a/b/fail");
  BOOST_TEST(with_word("https://a/b/", "/fail") == "https://a/b/fail");
  BOOST_TEST(with_word("https://a/b?x=1", "/start") == "https://a/b/start?x=1");
  BOOST_TEST(with_word("https://a", "/start") == "https://a/start");
}

BOOST_AUTO_TEST_SUITE_END()
