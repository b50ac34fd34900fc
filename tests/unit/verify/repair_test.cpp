#include "verify/repair.h"

#include "scene.h"

namespace streamd::verify {
namespace {

// Two replicas of one history: the second may cut its segments otherwise.
struct Pair {
  Pair() {
    for (const std::string& key : from.replica.store->keys())
      to.replica.store->set(key, from.replica.store->content(key));
  }
  Result<RepairReport> try_repair() {
    return repair({*to.replica.store, "to", to.memory}, {*from.replica.store, "from", from.memory},
                  options);
  }
  RepairReport must_repair() { return must(try_repair()); }
  Scene from, to;
  RepairOptions options;
};

BOOST_AUTO_TEST_SUITE(repair_replica)

BOOST_AUTO_TEST_CASE(nothing_wrong_is_nothing_done) {
  Pair pair;
  const RepairReport report = pair.must_repair();
  BOOST_TEST(!report.changed());
  BOOST_TEST(report.plan.copies.size() == 0U);
}

BOOST_AUTO_TEST_CASE(every_object_comes_back_under_its_name) {
  for (const bool gone : {false, true})
    for (const std::string& key : Scene().objects()) {
      Pair pair;
      const Bytes whole = pair.to.replica.store->content(key);
      pair.to.verify();
      if (gone)
        pair.to.replica.store->erase(key);
      else
        pair.to.flip(key, 290);
      if (pair.to.verify().findings.empty()) continue;  // nobody misses it
      const RepairReport report = pair.must_repair();
      BOOST_TEST_CONTEXT(key << (gone ? " gone" : " damaged")) {
        BOOST_TEST(report.copied == 1U);
        BOOST_TEST(report.after.findings.size() == 0U);
        BOOST_TEST((pair.to.replica.store->content(key) == whole));
      }
    }
}

BOOST_AUTO_TEST_CASE(a_dry_run_changes_nothing) {
  Pair pair;
  pair.options.dry_run = true;
  pair.to.flip(pair.to.segments[1], 290);
  const Bytes damaged = pair.to.replica.store->content(pair.to.segments[1]);
  const RepairReport report = pair.must_repair();
  BOOST_REQUIRE(report.plan.copies.size() == 1U);
  BOOST_TEST(report.plan.copies[0].replaces);
  BOOST_TEST((ranges(report.plan.heals) == Ranges{{5, 8}}));
  BOOST_TEST((pair.to.replica.store->content(pair.to.segments[1]) == damaged));
}

// The source has 2-6 in one object where the target has lost 5-6.
BOOST_AUTO_TEST_CASE(a_gap_is_filled_where_segments_are_cut_otherwise) {
  Scene from, to;
  ReplicaBuilder other(7);
  other.begin_with(12);
  other.snapshot();
  other.commit(5);
  const std::string wide = to_text(other.seal(1));
  for (const std::string& key : {from.segments[0], from.segments[1]})
    from.replica.store->erase(key);
  from.replica.store->set(wide, other.store->content(wide));
  BOOST_REQUIRE(from.verify().findings.empty());
  to.replica.store->erase(to.segments[1]);
  const RepairReport report = must(
      repair({*to.replica.store, "to", to.memory}, {*from.replica.store, "from", from.memory}, {}));
  BOOST_REQUIRE(report.plan.copies.size() == 1U);
  BOOST_TEST(report.plan.copies[0].key == wide);
  BOOST_TEST(report.after.findings.size() == 0U);
  BOOST_TEST(report.after.lost.size() == 0U);
}

BOOST_AUTO_TEST_CASE(what_the_source_has_not_whole_is_refused) {
  Pair pair;
  pair.to.flip(pair.to.segments[0], 290);
  pair.to.flip(pair.to.segments[3], 290);
  pair.from.flip(pair.from.segments[0], 300);
  const RepairReport report = pair.must_repair();
  BOOST_TEST(report.copied == 1U);
  BOOST_TEST(report.plan.refusals.size() == 1U);
  BOOST_TEST((ranges(report.after.lost) == Ranges{{2, 8}}));
}

BOOST_AUTO_TEST_CASE(nothing_above_the_newest_transaction_there_is_copied) {
  Pair pair;
  pair.from.replica.store->erase(pair.from.segments[3]);
  ReplicaBuilder other(7);  // the same history, 10-13 in one object
  other.begin_with(12);
  other.commit(8);
  other.seal();
  other.commit(4);
  const std::string wide = to_text(other.seal(1));
  pair.from.replica.store->set(wide, other.store->content(wide));
  pair.to.flip(pair.to.segments[3], 290);
  const RepairReport report = pair.must_repair();
  BOOST_TEST(report.copied == 0U);
  BOOST_TEST(report.plan.refusals.size() == 1U);
}

BOOST_AUTO_TEST_CASE(another_database_and_another_history_are_refused) {
  Pair pair;
  pair.to.flip(pair.to.segments[1], 290);
  catalog::Marker marker = pair.from.replica.marker;
  marker.checksum_key ^= 1;
  const std::string text = catalog::encode_marker(marker);
  pair.from.replica.store->set("streamd.json", Bytes(text.begin(), text.end()));
  const auto refused = pair.try_repair();
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().code == Code::kDiverged);

  Scene one, other(8);
  one.flip(one.segments[1], 290);
  const RepairReport report = must(repair({*one.replica.store, "to", one.memory},
                                          {*other.replica.store, "from", other.memory}, {}));
  BOOST_TEST(report.copied == 0U);
  BOOST_TEST(report.plan.refusals.size() >= 1U);
}

BOOST_AUTO_TEST_CASE(a_lost_marker_comes_back_for_the_same_database_only) {
  Pair pair;
  pair.to.replica.store->erase("streamd.json");
  const RepairReport report = pair.must_repair();
  BOOST_TEST(report.marker);
  BOOST_TEST(report.after.findings.size() == 0U);
  BOOST_TEST(pair.to.replica.store->has("streamd.json"));
}

BOOST_AUTO_TEST_CASE(a_store_that_keeps_something_else_is_an_error) {
  Pair pair;
  const std::string key = pair.to.segments[1];
  pair.to.flip(key, 290);
  pair.to.replica.store->before = [&](storage::Operation operation,
                                      const std::string& at) -> Status {
    if (operation == storage::Operation::kList && at == "generations/" &&
        pair.to.replica.store->calls(storage::Operation::kPut) > 0)
      pair.to.replica.store->set(key, Bytes(400));
    return {};
  };
  const auto done = pair.try_repair();
  BOOST_REQUIRE(!done);
  BOOST_TEST(done.error().code == Code::kCorrupt);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::verify
