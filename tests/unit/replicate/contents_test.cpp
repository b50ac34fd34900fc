#include "replicate/contents.h"

#include <boost/test/unit_test.hpp>

using namespace streamd;
using namespace streamd::replicate;

namespace {

constexpr GenerationId kGeneration(0x100000001);

catalog::SegmentKey key(std::uint64_t first, std::uint64_t last, std::uint8_t level = 0) {
  return {kGeneration, level, Txid(first), Txid(last), 1000, {}, catalog::Completeness::kAll};
}

catalog::SnapshotKey snapshot(std::uint64_t txid) {
  return {kGeneration, Txid(txid), 1000};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(contents_of_a_replica)

BOOST_AUTO_TEST_CASE(what_is_put_and_removed_is_as_a_listing_would_show_it) {
  Contents contents;
  contents.begin(kGeneration, nullptr, {}, 0);
  contents.add(snapshot(1), 10);
  contents.add(key(3, 3), {30});
  contents.add(key(2, 2), {20});
  contents.add(key(2, 2), {21});
  contents.add(key(2, 3, 1), {50});
  contents.add(snapshot(3), 10);
  contents.add(snapshot(2), 10);
  auto generation = contents.view().generation;
  BOOST_TEST((generation.id == kGeneration));
  BOOST_REQUIRE(generation.segments[0].size() == 2u);
  BOOST_TEST((generation.segments[0][0].key == key(2, 2)));
  BOOST_TEST(generation.segments[0][0].size == 21u);
  BOOST_TEST(generation.segments[1].size() == 1u);
  BOOST_REQUIRE(generation.snapshots.size() == 3u);
  BOOST_TEST((generation.snapshots[1].key == snapshot(2)));
  contents.remove(key(2, 2));
  contents.remove(key(3, 3));
  contents.remove(key(9, 9, 7));
  contents.remove(snapshot(2));
  generation = contents.view().generation;
  BOOST_TEST(!generation.segments.contains(0));
  BOOST_TEST(generation.snapshots.size() == 2u);
}

BOOST_AUTO_TEST_CASE(what_belongs_to_another_generation_is_not_kept) {
  Contents contents;
  contents.begin(GenerationId(0x200000001), nullptr, {}, 0);
  contents.add(snapshot(1), 10);
  contents.add(key(2, 2), {20});
  contents.add_border(kGeneration, Txid(2));
  BOOST_TEST(contents.view().generation.segments.empty());
  BOOST_TEST(contents.view().generation.snapshots.empty());
  BOOST_TEST(contents.view().borders.empty());
}

BOOST_AUTO_TEST_CASE(borders_last_as_long_as_the_generation) {
  Contents contents;
  contents.begin(kGeneration, nullptr, {}, 0);
  contents.add_border(kGeneration, Txid(5));
  contents.add(snapshot(2), 10);
  BOOST_TEST(contents.is_border(kGeneration, Txid(5)));
  BOOST_TEST(contents.is_border(kGeneration, Txid(2)));
  BOOST_TEST(!contents.is_border(kGeneration, Txid(3)));
  BOOST_TEST(!contents.is_border(GenerationId(7), Txid(5)));
  contents.begin(kGeneration, nullptr, {}, 0);
  BOOST_TEST(contents.is_border(kGeneration, Txid(5)));
  BOOST_TEST(!contents.is_border(kGeneration, Txid(2)));
  contents.begin(GenerationId(0x200000001), nullptr, {}, 0);
  BOOST_TEST(!contents.is_border(GenerationId(0x200000001), Txid(5)));
}

BOOST_AUTO_TEST_CASE(merged_tells_that_there_is_something_to_look_at) {
  Contents contents;
  const auto before = contents.merged();
  contents.begin(kGeneration, nullptr, {}, 0);
  const auto begun = contents.merged();
  BOOST_TEST(begun != before);
  contents.add(key(2, 2), {20});
  BOOST_TEST(contents.merged() == begun);
  contents.add(key(2, 3, 1), {20});
  BOOST_TEST(contents.merged() != begun);
}

BOOST_AUTO_TEST_CASE(a_listing_brings_its_ages) {
  catalog::GenerationTimeline listed;
  listed.id = kGeneration;
  listed.snapshots.push_back({snapshot(1), 10, 100});
  catalog::Segment segment;
  segment.key = key(2, 2);
  segment.mtime_ns = 400;
  listed.segments[0].push_back(segment);
  catalog::Part part;
  part.mtime_ns = 300;
  listed.parts.push_back(part);
  Contents contents;
  contents.begin(kGeneration, &listed, MonoTime(std::chrono::seconds(7)), 500);
  BOOST_TEST(contents.oldest() == 500);
  const Contents::View view = contents.view();
  BOOST_TEST(view.newest_mtime_ns == 400);
  BOOST_TEST((view.listed == MonoTime(std::chrono::seconds(7))));
  BOOST_TEST(view.generation.parts.empty());
  BOOST_TEST(view.generation.segments.at(0).size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
