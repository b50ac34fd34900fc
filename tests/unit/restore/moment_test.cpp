// Which transaction a target means, and which objects lead there: from names and tables alone.
#include "restore/moment.h"

#include <boost/test/unit_test.hpp>

#include "restore/plan.h"

using namespace streamd;
using namespace streamd::restore;
using catalog::Completeness;

namespace {

constexpr GenerationId kOld(0x0000000100000001), kNew(0x0000000200000001);
constexpr Micros kStart = 1'700'000'000'000'000;

// Transaction n was seen in second n of the history.
Micros second(std::uint64_t n) {
  return kStart + static_cast<Micros>(n) * 1'000'000;
}

class Listing {
 public:
  Listing& snapshot(std::uint64_t txid, GenerationId id = kOld) {
    add(to_text(catalog::SnapshotKey{id, Txid(txid), second(txid)}), 1000);
    return *this;
  }
  Listing& segment(std::uint64_t first, std::uint64_t last, Completeness kind = Completeness::kAll,
                   std::uint8_t level = 0, std::uint64_t size = 100, GenerationId id = kOld) {
    add(to_text(key(first, last, kind, level, id)), size);
    return *this;
  }
  static catalog::SegmentKey key(std::uint64_t first, std::uint64_t last,
                                 Completeness kind = Completeness::kAll, std::uint8_t level = 0,
                                 GenerationId id = kOld) {
    return {id, level, Txid(first), Txid(last), second(last), {}, kind};
  }
  void add(std::string key, std::uint64_t size) { objects_.push_back({std::move(key), size, 0}); }
  catalog::Timeline timeline() const { return catalog::read_timeline(objects_); }

 private:
  std::vector<catalog::Listed> objects_;
};

Target latest() {
  return {};
}
Target at(std::uint64_t txid) {
  return {ByTxid{Txid(txid)}, {}, false};
}
Target when(Micros time) {
  return {ByTime{time}, {}, false};
}

Moment must(Result<Moment> moment) {
  if (!moment) BOOST_FAIL(moment.error().message);
  return std::move(*moment);
}
Error refused(const Result<Moment>& moment) {
  BOOST_REQUIRE(!moment);
  return moment.error();
}
bool mentions(const Error& error, Txid txid) {
  return error.message.find("txid " + std::to_string(txid.value)) != std::string::npos;
}
std::vector<std::uint64_t> lasts(const Plan& plan) {
  std::vector<std::uint64_t> numbers;
  for (const PlannedSegment& segment : plan.segments) numbers.push_back(segment.key.last.value);
  return numbers;
}
Plan plan_to(const Listing& listing, std::uint64_t txid) {
  const auto timeline = listing.timeline();
  auto plan = make_plan(timeline, must(resolve(timeline, at(txid), {})));
  BOOST_REQUIRE(plan);
  return *plan;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(moments)

BOOST_AUTO_TEST_CASE(nothing_begun_and_not_restorable_are_told_apart) {
  BOOST_TEST((refused(resolve(Listing().timeline(), latest(), {})).code == Code::kNoBackup));
  auto marked = Listing().timeline();
  marked.has_marker = true;
  BOOST_TEST((refused(resolve(marked, latest(), {})).code == Code::kNotRestorable));
  const auto begun = Listing().segment(1, 4).timeline();
  for (const Target& target : {latest(), at(2), when(second(3))})
    BOOST_TEST((refused(resolve(begun, target, {})).code == Code::kNotRestorable));
  Target other = latest();
  other.generation = kNew;
  BOOST_TEST((refused(resolve(begun, other, {})).code == Code::kOutsideWindow));
  BOOST_TEST((refused(resolve(Listing().timeline(), other, {})).code == Code::kNoBackup));
}

BOOST_AUTO_TEST_CASE(latest_takes_the_newest_generation_that_can_be_restored) {
  Listing listing;
  listing.snapshot(1).segment(2, 5).snapshot(6, kNew).segment(7, 9, Completeness::kAll, 0, 9, kNew);
  const Moment newest = must(resolve(listing.timeline(), latest(), {}));
  BOOST_TEST((newest.generation == kNew && newest.txid == Txid(9)));
  Target old = latest();
  old.generation = kOld;
  BOOST_TEST((must(resolve(listing.timeline(), old, {})).txid == Txid(5)));
  const auto unfinished =
      Listing().snapshot(1).segment(2, 5).segment(6, 7, Completeness::kAll, 0, 9, kNew).timeline();
  const Moment older = must(resolve(unfinished, latest(), {}));
  BOOST_TEST((older.txid == Txid(5)));
  BOOST_TEST(older.notes.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_missing_segment_is_not_passed_over_in_silence) {
  const auto timeline = Listing().snapshot(1).segment(2, 5).segment(8, 9).timeline();
  const Error newest = refused(resolve(timeline, latest(), {}));
  BOOST_TEST((newest.code == Code::kCorrupt && mentions(newest, Txid(5))));
  BOOST_TEST((refused(resolve(timeline, at(9), {})).code == Code::kCorrupt));
  BOOST_TEST((refused(resolve(timeline, when(second(9)), {})).code == Code::kCorrupt));
  BOOST_TEST((must(resolve(timeline, at(5), {})).txid == Txid(5)));
  BOOST_TEST((must(resolve(timeline, when(second(5) + 999), {})).txid == Txid(5)));
}

BOOST_AUTO_TEST_CASE(outside_of_what_is_kept_names_both_ends) {
  const auto timeline = Listing().snapshot(10).segment(11, 20).timeline();
  for (const Target& target : {at(9), at(21), when(second(9))}) {
    const Error error = refused(resolve(timeline, target, {}));
    BOOST_TEST((error.code == Code::kOutsideWindow));
    BOOST_TEST(mentions(error, Txid(10)));
    BOOST_TEST(mentions(error, Txid(20)));
  }
  BOOST_TEST((must(resolve(timeline, when(second(2000)), {})).txid == Txid(20)));
}

BOOST_AUTO_TEST_CASE(both_ends_may_lie_in_different_generations) {
  Listing listing;
  listing.snapshot(10).segment(11, 20).snapshot(30, kNew);
  listing.segment(41, 42, Completeness::kAll, 0, 9, GenerationId(0x0000000300000001));
  for (const Target& target : {at(9), at(99), when(second(9))}) {
    const Error error = refused(resolve(listing.timeline(), target, {}));
    BOOST_TEST((error.code == Code::kOutsideWindow));
    BOOST_TEST(mentions(error, Txid(10)));
    BOOST_TEST(mentions(error, Txid(30)));
  }
  BOOST_TEST(boundaries(listing.timeline(), when(second(9))).empty());
  // The newest had begun, and nobody knows what before its first snapshot was.
  const Moment older = must(resolve(listing.timeline(), when(second(50)), {}));
  BOOST_TEST((older.txid == Txid(30)));
  BOOST_TEST(older.notes.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_txid_beside_a_hole_is_not_in_it) {
  Listing listing;
  listing.snapshot(10).segment(11, 12).snapshot(20).segment(21, 22).segment(30, 31);
  for (const std::uint64_t outside : {9u, 40u})
    BOOST_TEST((refused(resolve(listing.timeline(), at(outside), {})).message.find("not kept") !=
                std::string::npos));
  BOOST_TEST((refused(resolve(listing.timeline(), at(15), {})).message.find("a hole") !=
              std::string::npos));
  // Of the segments that nothing leads to only one that holds it, or what comes after, counts.
  for (const std::uint64_t lost : {25u, 30u, 31u})
    BOOST_TEST((refused(resolve(listing.timeline(), at(lost), {})).code ==
                (lost == 25u ? Code::kOutsideWindow : Code::kCorrupt)));
}

BOOST_AUTO_TEST_CASE(what_is_not_complete_tells_nothing) {
  Listing listing;
  listing.snapshot(1).segment(2, 5);
  catalog::SegmentKey half = Listing::key(6, 9);
  half.piece = {1, 2};
  listing.add(to_text(half), 10);
  const auto timeline = listing.timeline();
  BOOST_TEST((must(resolve(timeline, latest(), {})).txid == Txid(5)));
  BOOST_TEST((must(resolve(timeline, when(second(9)), {})).txid == Txid(5)));
  BOOST_TEST((reachable_from(timeline.generations.front(), Txid(7)) == Txid(7)));
}

// A segment whose beginning nothing leads to ends with a snapshot.
BOOST_AUTO_TEST_CASE(a_table_may_name_moments_that_cannot_be_restored) {
  Listing listing;
  listing.snapshot(1).segment(5, 9).snapshot(9);
  const auto timeline = listing.timeline();
  const Target target = when(second(9) + 300);
  const auto asked = boundaries(timeline, target);
  BOOST_TEST(asked.size() == 2u);
  const std::string snapshot = to_text(catalog::SnapshotKey{kOld, Txid(9), second(9)});
  SeenTables tables{
      {to_text(Listing::key(5, 9)), {{Txid(8), 0, second(8)}, {Txid(9), 0, second(9) + 301}}},
      {snapshot, {{Txid(9), 0, second(9) + 301}}}};
  BOOST_TEST((refused(resolve(timeline, target, tables)).code == Code::kOutsideWindow));
  tables[snapshot][0].seen = second(9) + 300;
  BOOST_TEST((must(resolve(timeline, target, tables)).txid == Txid(9)));
}

BOOST_AUTO_TEST_CASE(a_hole_names_its_edges) {
  Listing listing;
  listing.snapshot(1).segment(2, 5).segment(6, 9, Completeness::kDelta).segment(10, 12);
  const auto timeline = listing.timeline();
  for (Target target : {at(7), when(second(7))}) {
    const Error error = refused(resolve(timeline, target, {}));
    BOOST_TEST((error.code == Code::kOutsideWindow));
    BOOST_TEST(mentions(error, Txid(5)));
    BOOST_TEST(mentions(error, Txid(9)));
    target.nearest = true;
    BOOST_TEST((must(resolve(timeline, target, {})).txid == Txid(5)));
  }
  for (const std::uint64_t edge : {5u, 9u, 10u})
    BOOST_TEST((must(resolve(timeline, at(edge), {})).txid == Txid(edge)));
  // Nothing had happened yet when the delta's transactions were last not seen.
  const SeenTables tables{
      {to_text(Listing::key(6, 9, Completeness::kDelta)), {{Txid(9), second(7), second(9)}}}};
  BOOST_TEST((must(resolve(timeline, when(second(7)), tables)).txid == Txid(5)));
  BOOST_TEST(
      (refused(resolve(timeline, when(second(7) + 1), tables)).code == Code::kOutsideWindow));
  BOOST_TEST((must(resolve(timeline, when(second(9)), tables)).txid == Txid(9)));
  const SeenTables nothing{{to_text(Listing::key(6, 9, Completeness::kDelta)), {}}};
  BOOST_TEST((refused(resolve(timeline, when(second(7)), nothing)).code == Code::kOutsideWindow));
}

BOOST_AUTO_TEST_CASE(a_time_in_which_nobody_looked_is_said) {
  constexpr Micros kLong = 3'600'000'000;
  const auto notes = [](Completeness kind, Micros not_before, Micros seen, Micros wanted) {
    Listing listing;
    listing.snapshot(1).segment(2, 5);
    const std::string next =
        to_text(catalog::SegmentKey{kOld, 0, Txid(6), Txid(6), seen, {}, kind});
    listing.add(next, 100);
    const SeenTables tables{{next, {{Txid(6), not_before, seen}}}};
    const Moment moment = must(resolve(listing.timeline(), when(wanted), tables));
    BOOST_TEST(moment.txid.value == (wanted < seen ? 5U : 6U));
    return moment.notes.size();
  };
  const Micros last = second(5), soon = last + 10'000'000, late = last + kLong;
  for (const Completeness kind : {Completeness::kDelta, Completeness::kAll}) {
    BOOST_TEST(notes(kind, last, late, last + 1000) == 1U);
    BOOST_TEST(notes(kind, last, late, late - 1) == 1U);
    BOOST_TEST(notes(kind, last, late, late) == 0U);
    BOOST_TEST(notes(kind, late - 5, late, late - 5) == 0U);
  }
  BOOST_TEST(notes(Completeness::kDelta, last, soon, soon - 1) == 1U);
  BOOST_TEST(notes(Completeness::kAll, last, soon, soon - 1) == 0U);  // an ordinary look
}

BOOST_AUTO_TEST_CASE(between_two_generations_lies_a_hole_once_the_newer_had_begun) {
  Listing listing;
  listing.snapshot(1).segment(2, 5);
  listing.segment(6, 8, Completeness::kAll, 0, 9, kNew).snapshot(10, kNew);
  const auto timeline = listing.timeline();
  BOOST_TEST((must(resolve(timeline, when(second(6)), {})).txid == Txid(5)));
  const Error error = refused(resolve(timeline, when(second(9)), {}));
  BOOST_TEST((error.code == Code::kOutsideWindow));
  BOOST_TEST(mentions(error, Txid(5)));
  BOOST_TEST(mentions(error, Txid(10)));
}

BOOST_AUTO_TEST_CASE(the_index_decides_where_the_name_only_tells_milliseconds) {
  const auto timeline = Listing().snapshot(1).segment(2, 5).segment(6, 9).timeline();
  const Target target = when(second(5) + 300);
  const auto asked = boundaries(timeline, target);
  BOOST_TEST((asked.size() == 2u));  // 2 to 5 ends in this millisecond, 6 to 9 might begin in it
  const std::string key = to_text(Listing::key(2, 5));
  SeenTables tables{{key, {{Txid(4), 0, second(4)}, {Txid(5), 0, second(5) + 301}}}};
  BOOST_TEST((must(resolve(timeline, target, tables)).txid == Txid(4)));
  tables[key].back().seen = second(5) + 300;
  BOOST_TEST((must(resolve(timeline, target, tables)).txid == Txid(5)));
  tables[to_text(Listing::key(6, 9))] = {
      {Txid(6), 0, second(5) + 300}, {Txid(7), 0, second(5) + 300}, {Txid(8), 0, second(8)}};
  BOOST_TEST((must(resolve(timeline, target, tables)).txid == Txid(7)));
  BOOST_TEST(boundaries(timeline, at(5)).empty());
  BOOST_TEST(boundaries(timeline, when(second(100))).empty());
}

BOOST_AUTO_TEST_CASE(a_clock_that_stepped_back_hides_nothing) {
  // 2 to 3 were seen an hour ahead; from 5 on the clock was right again.
  Listing listing;
  listing.snapshot(1);
  catalog::SegmentKey ahead = Listing::key(2, 3), back = Listing::key(4, 6);
  ahead.time = second(3600);
  listing.add(to_text(ahead), 10);
  listing.add(to_text(back), 10);
  const SeenTables tables{
      {to_text(ahead), {{Txid(2), 0, second(3599)}, {Txid(3), 0, second(3600)}}},
      {to_text(back),
       {{Txid(4), 0, second(3601)}, {Txid(5), 0, second(5)}, {Txid(6), 0, second(6)}}}};
  const auto timeline = listing.timeline();
  BOOST_TEST((must(resolve(timeline, when(second(5)), tables)).txid == Txid(5)));
  BOOST_TEST((must(resolve(timeline, when(second(4)), tables)).txid == Txid(1)));
  BOOST_TEST((must(resolve(timeline, when(second(6)), tables)).txid == Txid(6)));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(plans)

BOOST_AUTO_TEST_CASE(newest_snapshot_then_fewest_segments) {
  Listing listing;
  listing.snapshot(1).segment(2, 10).snapshot(10);
  for (std::uint64_t txid = 11; txid <= 16; ++txid) listing.segment(txid, txid);
  listing.segment(11, 16, Completeness::kAll, 1);
  BOOST_TEST((plan_to(listing, 16).snapshot.txid == Txid(10)));
  BOOST_TEST(lasts(plan_to(listing, 16)) == std::vector<std::uint64_t>{16},
             boost::test_tools::per_element());
  const Plan inside = plan_to(listing, 13);
  BOOST_TEST(inside.segments.size() == 1u);
  BOOST_TEST(inside.cut(inside.segments[0]) == 2u);
  BOOST_TEST(plan_to(listing, 10).segments.empty());
  BOOST_TEST((plan_to(listing, 9).snapshot.txid == Txid(1)));
}

BOOST_AUTO_TEST_CASE(of_equal_ranges_the_smaller_one) {
  Listing listing;
  listing.snapshot(1).segment(2, 9, Completeness::kAll, 4, 900);
  listing.segment(2, 9, Completeness::kLast, 5, 300).segment(10, 10);
  const Plan past = plan_to(listing, 10);
  BOOST_TEST((past.segments[0].key.completeness == Completeness::kLast));
  BOOST_TEST(past.bytes() == 1000u + 300 + 100);
  BOOST_TEST(past.cut(past.segments[0]) == 0u);
  BOOST_TEST((plan_to(listing, 8).segments[0].key.completeness == Completeness::kAll));
}

BOOST_AUTO_TEST_CASE(of_as_many_segments_the_fewer_bytes) {
  Listing listing;
  listing.snapshot(1).segment(2, 4, Completeness::kAll, 0, 500).segment(5, 9);
  listing.segment(2, 6, Completeness::kAll, 1, 50).segment(7, 9);
  BOOST_TEST(lasts(plan_to(listing, 9)) == (std::vector<std::uint64_t>{6, 9}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(goes_on_from_what_was_restored) {
  Listing listing;
  listing.snapshot(1).segment(2, 4).segment(5, 6).segment(7, 9);
  const auto timeline = listing.timeline();
  const Moment moment = must(resolve(timeline, at(8), {}));
  const auto plan = continue_plan(timeline, moment, Txid(4));
  BOOST_REQUIRE(plan);
  BOOST_TEST(!plan->manifest);
  BOOST_TEST(lasts(*plan) == (std::vector<std::uint64_t>{6, 9}), boost::test_tools::per_element());
  BOOST_TEST((continue_plan(timeline, moment, Txid(5)).error().code == Code::kOutsideWindow));
  BOOST_TEST((continue_plan(timeline, moment, Txid(9)).error().code == Code::kOutsideWindow));
  Moment lost = moment;
  lost.generation = kNew;
  BOOST_TEST((make_plan(timeline, lost).error().code == Code::kCorrupt));
  BOOST_TEST((continue_plan(timeline, lost, Txid(4)).error().code == Code::kOutsideWindow));
}

BOOST_AUTO_TEST_CASE(goes_on_inside_a_segment_only_if_nothing_else_leads_on) {
  Listing listing;
  listing.snapshot(1).segment(2, 9, Completeness::kAll, 1).segment(10, 12);
  const auto plan_from = [&](std::uint64_t from, std::uint64_t to) {
    return continue_plan(listing.timeline(), {kOld, Txid(to), {}}, Txid(from), Entry::kAnywhere);
  };
  const auto inside = plan_from(5, 12);
  BOOST_REQUIRE(inside);
  BOOST_TEST(lasts(*inside) == (std::vector<std::uint64_t>{9, 12}),
             boost::test_tools::per_element());
  BOOST_TEST(inside->segments[0].skip == 4u);
  BOOST_TEST(inside->segments[1].skip == 0u);
  BOOST_TEST(plan_from(5, 7)->cut(plan_from(5, 7)->segments[0]) == 5u);
  BOOST_TEST(plan_from(5, 5)->segments.empty());
  listing.segment(6, 9);
  BOOST_TEST(plan_from(5, 12)->segments[0].skip == 0u);
  const auto timeline = listing.timeline();
  const auto& generation = timeline.generations.front();
  BOOST_TEST((reachable_from(generation, Txid(3)) == Txid(12)));
  BOOST_TEST((reachable_from(generation, Txid(12)) == Txid(12)));
  BOOST_TEST((reachable_from(generation, Txid(13)) == Txid(13)));
  listing.segment(20, 22, Completeness::kLast);
  BOOST_TEST((reachable_from(listing.timeline().generations.front(), Txid(20)) == Txid(20)));
}

BOOST_AUTO_TEST_CASE(parts_must_follow_each_other_in_one_generation) {
  Plan plan = plan_to(Listing().snapshot(3), 3);
  const auto part = [](GenerationId id, std::uint32_t first) {
    return segment::ManifestPart{to_text(catalog::PartKey{id, PageNo(first), Txid(3), {}}), 70,
                                 PageNo(first), 4};
  };
  Plan good = plan;
  BOOST_TEST(add_parts(good, {0, 0, 0, {part(kOld, 1), part(kOld, 5)}}).has_value());
  BOOST_TEST(good.bytes() == 1140u);
  BOOST_TEST(!add_parts(plan, {0, 0, 0, {part(kOld, 1), part(kOld, 4)}}));
  BOOST_TEST(!add_parts(plan, {0, 0, 0, {part(kNew, 1)}}));
  segment::ManifestPart other = part(kOld, 1);
  other.key = "streamd.json";
  BOOST_TEST(!add_parts(plan, {0, 0, 0, {other}}));
}

BOOST_AUTO_TEST_CASE(a_plan_explains_itself) {
  Listing listing;
  listing.snapshot(3).segment(4, 9);
  const Plan plan = plan_to(listing, 5);
  const std::string text = describe(plan);
  BOOST_TEST(text.find("up to 5") != std::string::npos);
  BOOST_TEST(text.find("1100  bytes to fetch") != std::string::npos);
  const Json json = to_json(plan);
  BOOST_TEST(json.integer("bytes") == 1100);
  BOOST_TEST(json.integer("txid") == 5);
  BOOST_TEST(json.at("segments").items().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_plan_explains_parts_pieces_and_notes) {
  Listing listing;
  listing.snapshot(3);
  for (std::uint32_t piece = 1; piece <= 2; ++piece) {
    catalog::SegmentKey key = Listing::key(4, 4);
    key.piece = {piece, 2};
    listing.add(to_text(key), 70);
  }
  Plan plan = plan_to(listing, 4);
  plan.parts.push_back({"part", 9});
  plan.moment.notes.push_back("a newer one is not complete");
  const std::string text = describe(plan);
  for (const char* words : {"segment            140  4 to 4, level 0, all, 2 pieces\n",
                            "parts                9  1 of them\n",
                            "note: a newer one is not complete\n", "1149  bytes to fetch"})
    BOOST_TEST(text.find(words) != std::string::npos, words << " in " << text);
  const Json json = to_json(plan);
  BOOST_TEST(json.at("segments").items()[0].at("pieces").items().size() == 2u);
  BOOST_TEST(json.at("parts").items().size() == 1u);
  BOOST_TEST(json.at("notes").items().size() == 1u);
  plan.manifest.reset();
  BOOST_TEST(to_json(plan).at("snapshot").is_null());
  BOOST_TEST(describe(plan).find("snapshot") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(where_the_newest_snapshot_leads_nowhere_an_older_one_may) {
  Listing listing;
  listing.snapshot(1).segment(2, 9).segment(10, 12).snapshot(8);  // nothing begins with 9
  BOOST_TEST((plan_to(listing, 12).snapshot.txid == Txid(1)));
  Moment beyond{kOld, Txid(14), {}};
  BOOST_TEST((make_plan(listing.timeline(), beyond).error().code == Code::kCorrupt));
}

BOOST_AUTO_TEST_SUITE_END()
