#include "catalog/timeline.h"

#include <boost/test/unit_test.hpp>

using namespace streamd;
using namespace streamd::catalog;

namespace {

const GenerationId kOld(0x0000000100000009), kNew(0x0000000200000001);

// Transaction n was seen at n milliseconds past a round moment.
Micros when(std::uint64_t txid) {
  return 1'700'000'000'000'000 + static_cast<Micros>(txid) * 1000;
}

struct Listing {
  Listing& snap(std::uint64_t txid, GenerationId generation = kNew) {
    return put(to_text(SnapshotKey{generation, Txid(txid), when(txid)}));
  }
  Listing& segment(std::uint64_t first, std::uint64_t last, int level = 0,
                   Completeness kind = Completeness::kAll, Piece piece = {},
                   std::uint64_t size = 100, Micros later = 0) {
    return put(to_text(SegmentKey{kNew, static_cast<std::uint8_t>(level), Txid(first), Txid(last),
                                  when(last) + later, piece, kind}),
               size);
  }
  Listing& put(std::string key, std::uint64_t size = 100) {
    objects.push_back({std::move(key), size, static_cast<std::int64_t>(objects.size() + 1)});
    return *this;
  }
  GenerationTimeline read() const {
    const Timeline timeline = read_timeline(objects);
    BOOST_REQUIRE(timeline.find(kNew) != nullptr);
    return *timeline.find(kNew);
  }
  std::vector<Listed> objects;
};

Span span(std::uint64_t first, std::uint64_t last) {
  return {Txid(first), Txid(last), when(first), when(last)};
}
Hole hole(std::uint64_t before, std::uint64_t after) {
  return {Txid(before), Txid(after), when(before), when(after)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(timeline)

BOOST_AUTO_TEST_CASE(an_empty_listing_is_no_backup) {
  const Timeline nothing = read_timeline({});
  BOOST_TEST(!nothing.begun());
  BOOST_TEST(!nothing.has_marker);
  BOOST_TEST(!nothing.writer.has_value());
  BOOST_TEST(nothing.newest_restorable() == nullptr);
  BOOST_TEST(nothing.find(kNew) == nullptr);
}

BOOST_AUTO_TEST_CASE(marker_writers_and_strangers) {
  Listing listing;
  listing.put("streamd.json").put("writers/00000002.json").put("writers/00000010.json");
  listing.put("writers/00000003.json").put("marks/deploy").put("README.txt");
  listing.put("generations/0000000200000001/keys/000000000000000000000000000000ab");
  const Timeline timeline = read_timeline(listing.objects);
  BOOST_TEST(timeline.has_marker);
  BOOST_TEST(*timeline.writer == 16u);
  BOOST_TEST(timeline.others == std::vector<std::string>({"marks/deploy", "README.txt"}),
             boost::test_tools::per_element());
  BOOST_TEST(!timeline.begun());
}

BOOST_AUTO_TEST_CASE(segments_without_a_snapshot_restore_nothing) {
  const auto generation = Listing().segment(1, 5).segment(6, 6).read();
  BOOST_TEST(generation.newest() == nullptr);
  BOOST_TEST(generation.tip().value == 6u);
  BOOST_TEST(generation.snapshot_at_or_before(Txid(9)) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_chain_reaches_its_end) {
  Listing listing;
  const auto generation =
      listing.segment(11, 12).segment(5, 10).snap(4).segment(2, 4).segment(14, 20).read();
  BOOST_TEST((generation.spans == std::vector{span(4, 12)}));
  BOOST_TEST(generation.holes.empty());
  BOOST_TEST(generation.restorable(Txid(4)));
  BOOST_TEST(generation.restorable(Txid(7)));
  BOOST_TEST(!generation.restorable(Txid(3)));
  BOOST_TEST(!generation.restorable(Txid(14)));
  BOOST_TEST(generation.tip().value == 20u);
}

BOOST_AUTO_TEST_CASE(a_missing_segment_before_a_snapshot_is_a_hole) {
  const auto generation =
      Listing().snap(4).segment(5, 6).segment(9, 12).snap(12).segment(13, 14).read();
  BOOST_TEST((generation.spans == std::vector{span(4, 6), span(12, 14)}));
  BOOST_TEST((generation.holes == std::vector{hole(6, 12)}));
}

BOOST_AUTO_TEST_CASE(a_delta_of_several_transactions_is_a_hole) {
  const auto generation =
      Listing().snap(1).segment(2, 3).segment(4, 9, 0, Completeness::kDelta).segment(10, 11).read();
  BOOST_TEST((generation.spans == std::vector{span(1, 3), span(9, 11)}));
  BOOST_TEST((generation.holes == std::vector{hole(3, 9)}));
}

BOOST_AUTO_TEST_CASE(a_delta_of_one_transaction_is_none) {
  const auto generation =
      Listing().snap(1).segment(2, 2, 0, Completeness::kDelta).segment(3, 3).read();
  BOOST_TEST((generation.spans == std::vector{span(1, 3)}));
  BOOST_TEST(generation.holes.empty());
}

BOOST_AUTO_TEST_CASE(last_reaches_its_end_and_all_fills_what_is_between) {
  Listing listing;
  listing.snap(1).segment(2, 20, 5, Completeness::kLast);
  BOOST_TEST((listing.read().spans == std::vector{span(1, 1), span(20, 20)}));
  listing.segment(2, 10, 4).segment(11, 20, 4);
  BOOST_TEST((listing.read().spans == std::vector{span(1, 20)}));
}

BOOST_AUTO_TEST_CASE(levels_are_alternatives) {
  Listing listing;
  listing.snap(1).segment(2, 3, 0, Completeness::kAll, {}, 10).segment(4, 5);
  listing.segment(2, 5, 1).segment(2, 5, 2, Completeness::kAll, {}, 50);
  listing.segment(2, 9, 3, Completeness::kAll, {1, 2});  // incomplete
  const auto generation = listing.read();
  const auto next = generation.continuing(Txid(1));
  BOOST_REQUIRE(next.size() == 3u);
  BOOST_TEST(next[0]->key.level == 2);
  BOOST_TEST(next[1]->key.level == 1);
  BOOST_TEST(next[2]->key.last.value == 3u);
  BOOST_TEST(generation.continuing(Txid(2)).empty());
  BOOST_TEST(generation.segments.at(0).size() == 2u);
}

BOOST_AUTO_TEST_CASE(pieces_count_only_when_all_are_there) {
  Listing listing;
  listing.snap(1).segment(2, 2, 0, Completeness::kAll, {2, 3}, 20);
  listing.segment(2, 2, 0, Completeness::kAll, {3, 3}, 30);
  const auto without = listing.read();
  BOOST_TEST((without.spans == std::vector{span(1, 1)}));
  BOOST_TEST(without.segments.at(0).front().present == std::vector<std::uint32_t>({2, 3}),
             boost::test_tools::per_element());
  listing.segment(2, 2, 0, Completeness::kAll, {1, 3}, 10);
  const auto generation = listing.read();
  BOOST_TEST((generation.spans == std::vector{span(1, 2)}));
  const Segment& segment = generation.segments.at(0).front();
  BOOST_TEST(segment.complete);
  BOOST_TEST(segment.present.empty());
  BOOST_TEST(segment.sizes == std::vector<std::uint64_t>({10, 20, 30}),
             boost::test_tools::per_element());
  BOOST_TEST(segment.size == 60u);
  BOOST_TEST(segment.mtime_ns == 4);
  BOOST_TEST(to_text(segment.piece(2)) == listing.objects[1].key);
}

BOOST_AUTO_TEST_CASE(one_name_of_very_many_pieces_costs_no_more_than_another) {
  Listing listing;
  listing.segment(2, 2, 0, Completeness::kAll, {kMaxPieces, kMaxPieces}, 20);
  const auto generation = listing.read();
  const Segment& segment = generation.segments.at(0).front();
  BOOST_TEST(!segment.complete);
  BOOST_TEST(segment.sizes.size() == 1u);
  BOOST_TEST(segment.present.size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_last_transaction_there_can_be) {
  Listing listing;
  listing.snap(1).segment(2, UINT64_MAX).snap(UINT64_MAX);
  const auto generation = listing.read();
  BOOST_TEST((generation.spans == std::vector{span(1, UINT64_MAX)}));
  BOOST_TEST(generation.holes.empty());
}

BOOST_AUTO_TEST_CASE(of_two_names_for_a_range_one_stays) {
  Listing listing;
  listing.snap(1).segment(2, 2, 0, Completeness::kAll, {1, 2}, 5, 9000);
  listing.segment(2, 2, 0, Completeness::kAll, {}, 20);
  listing.segment(2, 2, 0, Completeness::kAll, {}, 30, 5000);
  listing.segment(2, 2, 0, Completeness::kAll, {}, 30, 5000);  // listed twice
  listing.segment(2, 2, 0, Completeness::kDelta, {}, 8);
  listing.snap(1);
  const auto generation = listing.read();
  BOOST_REQUIRE(generation.segments.at(0).size() == 2u);
  BOOST_TEST(generation.segments.at(0)[0].key.time == when(2) + 5000);
  BOOST_TEST(generation.segments.at(0)[0].complete);
  BOOST_TEST((generation.segments.at(0)[1].key.completeness == Completeness::kDelta));
  BOOST_TEST(generation.snapshots.size() == 1u);
}

BOOST_AUTO_TEST_CASE(snapshots_are_found_by_txid) {
  const auto generation = Listing().snap(30).snap(10).snap(20).read();
  BOOST_TEST(generation.snapshot_at_or_before(Txid(9)) == nullptr);
  BOOST_TEST(generation.snapshot_at_or_before(Txid(10))->key.txid.value == 10u);
  BOOST_TEST(generation.snapshot_at_or_before(Txid(29))->key.txid.value == 20u);
  BOOST_TEST(generation.snapshot_at_or_before(Txid(99))->key.txid.value == 30u);
  BOOST_TEST((generation.spans == std::vector{span(10, 10), span(20, 20), span(30, 30)}));
  BOOST_TEST(generation.holes.size() == 2u);
}

BOOST_AUTO_TEST_CASE(parts_are_listed_by_page) {
  Listing listing;
  listing.put(to_text(PartKey{kNew, PageNo(101), Txid(3), {}}));
  listing.put(to_text(PartKey{kNew, PageNo(1), Txid(9), {}}));
  listing.put(to_text(PartKey{kNew, PageNo(1), Txid(2), {}}));
  const auto generation = listing.read();
  BOOST_REQUIRE(generation.parts.size() == 3u);
  BOOST_TEST(generation.parts[0].key.txid.value == 2u);
  BOOST_TEST(generation.parts[2].key.first_page.value == 101u);
  BOOST_TEST(generation.newest() == nullptr);
}

BOOST_AUTO_TEST_CASE(generations_are_ordered_by_epoch) {
  Listing listing;
  listing.segment(8, 9).snap(7, kOld);
  Timeline timeline = read_timeline(listing.objects);
  BOOST_REQUIRE(timeline.generations.size() == 2u);
  BOOST_TEST((timeline.generations[0].id == kOld));
  BOOST_TEST((timeline.newest_restorable()->id == kOld));
  BOOST_TEST(timeline.find(kNew) == &timeline.generations[1]);
  BOOST_TEST(timeline.find(GenerationId(77)) == nullptr);
  timeline = read_timeline(listing.snap(7).objects);
  BOOST_TEST((timeline.newest_restorable()->id == kNew));
  BOOST_TEST(timeline.newest_restorable()->newest()->last.value == 9u);
}

BOOST_AUTO_TEST_SUITE_END()
