#include "apps/following.h"

#include <boost/test/unit_test.hpp>

using namespace streamd;
using apps::follow_json;
using apps::follow_line;
using Kind = follow::Event::Kind;

namespace {

follow::Event event(Kind kind) {
  follow::Event event;
  event.kind = kind;
  event.at = {GenerationId(0x187b01151), Txid(42), 1'763'847'272'210'481, 12, 7};
  event.replica = "s3";
  event.fetched = 489;
  event.behind = milliseconds(1300);
  if (kind == Kind::kTrouble) event.error = make_error(Code::kTimeout, "no answer\n", "wait");
  return event;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(following)

BOOST_AUTO_TEST_CASE(lines_for_people) {
  const std::string moment = "transaction 42 of 2025-11-22T21:34:32.210481Z";
  BOOST_TEST(follow_line("/c.db", event(Kind::kRestored)) ==
             "restored /c.db to " + moment +
                 " (generation 0000000187b01151) from replica s3; following");
  BOOST_TEST(follow_line("/c.db", event(Kind::kResumed)) ==
             "/c.db is at " + moment + " (generation 0000000187b01151); following");
  BOOST_TEST(follow_line("/c.db", event(Kind::kApplied)) ==
             moment + ", 1.3 s behind; 489 B fetched");
  BOOST_TEST(follow_line("/c.db", event(Kind::kReplaced)).find("replaced") != std::string::npos);
  BOOST_TEST(follow_line("/c.db", event(Kind::kTrouble)) ==
             "streamctl: no answer\\n\nhint: it stays at " + moment + " and is tried again");
  BOOST_TEST(follow_line("/c.db", event(Kind::kRecovered)) ==
             "the replica answers again; at " + moment);
}

BOOST_AUTO_TEST_CASE(names_that_scripts_rely_on) {
  const Json json = follow_json("/c.db", event(Kind::kApplied));
  BOOST_TEST(json.string("event") == "applied");
  BOOST_TEST(json.string("out") == "/c.db");
  BOOST_TEST(json.string("generation") == "0000000187b01151");
  BOOST_TEST(json.integer("txid") == 42);
  BOOST_TEST(json.string("time") == "2025-11-22T21:34:32.210481Z");
  BOOST_TEST(json.integer("lag_ms") == 1300);
  BOOST_TEST(json.string("replica") == "s3");
  BOOST_TEST(json.integer("bytes_fetched") == 489);
  BOOST_TEST(json.at("error").is_null());
  BOOST_TEST(json.print().find('\n') == std::string::npos);
  BOOST_TEST(follow_json("/c.db", event(Kind::kTrouble)).string("error") == "no answer\n");
  for (const auto& [kind, name] : {std::pair(Kind::kRestored, "restored"),
                                   {Kind::kResumed, "resumed"},
                                   {Kind::kReplaced, "replaced"},
                                   {Kind::kTrouble, "trouble"},
                                   {Kind::kRecovered, "recovered"}})
    BOOST_TEST(follow_json("", event(kind)).string("event") == name);
}

BOOST_AUTO_TEST_SUITE_END()
