#include "catalog/merge_plan.h"

#include <boost/test/unit_test.hpp>

using namespace streamd;
using namespace streamd::catalog;

namespace {

constexpr GenerationId kGeneration(0x100000001);

// A replica by its names. Objects have 1000 bytes unless said otherwise.
struct Names {
  Names& snapshot(std::uint64_t txid) {
    listing.push_back({to_text(SnapshotKey{kGeneration, Txid(txid), 1000}), 100, 0});
    return *this;
  }
  Names& segment(std::uint8_t level, std::uint64_t first, std::uint64_t last,
                 std::uint64_t bytes = 1000, Completeness kind = Completeness::kAll,
                 Piece piece = {}) {
    listing.push_back(
        {to_text(SegmentKey{kGeneration, level, Txid(first), Txid(last), time, piece, kind}), bytes,
         0});
    return *this;
  }
  Names& clock(Micros now) {
    time = now * 1000;
    return *this;
  }
  // Objects of one transaction each.
  Names& singles(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t txid = first; txid <= last; ++txid) segment(0, txid, txid);
    return *this;
  }
  const GenerationTimeline& generation() {
    timeline = read_timeline(listing);
    return timeline.generations.front();
  }
  // "1: 2-2 3-3": level of the result, then the inputs.
  std::vector<std::string> merges(const std::set<Txid>& borders = {}) {
    std::vector<std::string> texts;
    for (const Merge& merge : due_merges(generation(), rules, borders)) {
      std::string text = std::to_string(merge.level) + ":";
      for (const SegmentKey& key : merge.inputs)
        text += " " + std::to_string(key.first.value) + "-" + std::to_string(key.last.value);
      texts.push_back(text);
    }
    return texts;
  }
  std::vector<std::string> covered() {
    std::vector<std::string> texts;
    for (const Covered& each : covered_segments(generation()))
      texts.push_back(std::to_string(each.segment->key.level) + "/" +
                      std::to_string(each.segment->key.first.value) + "-" +
                      std::to_string(each.segment->key.last.value) + " by " +
                      std::to_string(each.by->key.level));
    return texts;
  }
  MergeRules rules;
  Micros time = 1000;
  std::vector<Listed> listing;
  Timeline timeline;
};

using Texts = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(merge_plan)

BOOST_AUTO_TEST_CASE(six_neighbours_of_a_level_become_one_of_the_next) {
  Names names;
  names.snapshot(1).singles(2, 6);
  BOOST_TEST(names.merges() == Texts{}, boost::test_tools::per_element());
  names.singles(7, 15);
  BOOST_TEST((names.merges() ==
              Texts{"1: 2-2 3-3 4-4 5-5 6-6 7-7", "1: 8-8 9-9 10-10 11-11 12-12 13-13"}));
}

BOOST_AUTO_TEST_CASE(heavy_neighbours_of_level_0_are_rewritten_once) {
  const auto heavy = [](std::uint64_t count, std::uint64_t bytes) {
    Names names;
    names.snapshot(1);
    for (std::uint64_t txid = 2; txid < 2 + count; ++txid) names.segment(0, txid, txid, bytes);
    const std::vector<Merge> merges = due_merges(names.generation(), names.rules);
    std::vector<std::pair<std::size_t, int>> found;  // inputs, level
    for (const Merge& merge : merges) found.emplace_back(merge.inputs.size(), merge.level);
    return found;
  };
  using Found = std::vector<std::pair<std::size_t, int>>;
  BOOST_TEST((heavy(6, 43'600) == Found{{6, 1}}));
  BOOST_TEST((heavy(35, 43'700) == Found{}));
  BOOST_TEST((heavy(73, 43'700) == Found{{36, 2}, {36, 2}}));
  BOOST_TEST((heavy(16, 1 * kMiB) == Found{{8, 2}, {8, 2}}));
  BOOST_TEST((heavy(6, 7 * kMiB) == Found{{6, 1}}));  // settled as soon as they are enough
  BOOST_TEST((heavy(5, 7 * kMiB) == Found{}));
}

BOOST_AUTO_TEST_CASE(neighbours_of_higher_levels_do_not_wait) {
  Names names;
  names.snapshot(1);
  for (std::uint64_t txid = 2; txid < 8; ++txid) names.segment(1, txid, txid, kMiB);
  BOOST_TEST((names.merges() == Texts{"2: 2-2 3-3 4-4 5-5 6-6 7-7"}));
}

BOOST_AUTO_TEST_CASE(light_neighbours_behind_heavy_ones_wait_for_them) {
  Names names;
  names.snapshot(1);
  for (std::uint64_t txid = 2; txid < 8; ++txid) names.segment(0, txid, txid, kMiB);
  names.singles(8, 13);
  BOOST_TEST((names.merges() == Texts{}));
}

BOOST_AUTO_TEST_CASE(what_is_covered_takes_no_part) {
  Names names;
  names.snapshot(1).segment(1, 2, 7).singles(2, 12);
  BOOST_TEST((names.merges() == Texts{}));
  names.singles(13, 13);
  BOOST_TEST((names.merges() == Texts{"1: 8-8 9-9 10-10 11-11 12-12 13-13"}));
  for (std::uint64_t first = 8; first <= 37; first += 6) names.segment(1, first, first + 5);
  BOOST_TEST((names.merges() == Texts{"2: 2-7 8-13 14-19 20-25 26-31 32-37"}));
}

BOOST_AUTO_TEST_CASE(the_top_level_is_merged_no_further) {
  Names names;
  names.rules.top_level = 2;
  names.snapshot(1);
  for (std::uint64_t first = 2; first < 20; first += 2) names.segment(2, first, first + 1);
  BOOST_TEST((names.merges() == Texts{}));
}

BOOST_AUTO_TEST_CASE(without_a_snapshot_and_before_the_first_one_nothing_is_merged) {
  Names names;
  names.singles(1, 6);
  BOOST_TEST((names.merges() == Texts{}));
  names.snapshot(6).singles(7, 8).snapshot(8);
  BOOST_TEST((names.merges() == Texts{"1: 7-7 8-8"}));
}

BOOST_AUTO_TEST_CASE(a_snapshot_ends_a_region_and_what_is_left_before_it_becomes_one) {
  Names names;
  names.snapshot(1).segment(2, 2, 4).segment(1, 5, 6).singles(7, 8).snapshot(8).singles(9, 13);
  BOOST_TEST((names.merges() == Texts{"3: 2-4 5-6 7-7 8-8"}));
  names.singles(14, 14);
  BOOST_TEST(
      (names.merges() == Texts{"3: 2-4 5-6 7-7 8-8", "1: 9-9 10-10 11-11 12-12 13-13 14-14"}));
}

BOOST_AUTO_TEST_CASE(a_moment_that_may_become_a_snapshots_is_a_border_too) {
  Names names;
  names.snapshot(1).singles(2, 8);
  BOOST_TEST((names.merges({Txid(6)}) == Texts{"1: 2-2 3-3 4-4 5-5 6-6"}));
  BOOST_TEST((names.merges({Txid(20)}) == Texts{"1: 2-2 3-3 4-4 5-5 6-6 7-7"}));
}

BOOST_AUTO_TEST_CASE(objects_still_missing_before_a_snapshot_keep_its_region_open) {
  Names names;
  names.snapshot(1).singles(2, 5).snapshot(7);
  BOOST_TEST((names.merges() == Texts{}));
  names.singles(6, 7);
  BOOST_TEST((names.merges() == Texts{"1: 2-2 3-3 4-4 5-5 6-6 7-7"}));
}

BOOST_AUTO_TEST_CASE(settled_objects_are_borders) {
  Names names;
  names.snapshot(1).singles(2, 3).segment(0, 4, 4, 8 * kMiB).singles(5, 9);
  BOOST_TEST((names.merges() == Texts{"1: 2-2 3-3"}));
  names.singles(10, 10);
  BOOST_TEST((names.merges() == Texts{"1: 2-2 3-3", "1: 5-5 6-6 7-7 8-8 9-9 10-10"}));
}

BOOST_AUTO_TEST_CASE(a_segment_in_pieces_is_settled) {
  Names names;
  names.snapshot(1).singles(2, 3);
  for (std::uint32_t piece = 1; piece <= 2; ++piece)
    names.segment(0, 4, 4, 10, Completeness::kAll, {piece, 2});
  names.singles(5, 6);
  BOOST_TEST((names.merges() == Texts{"1: 2-2 3-3"}));
}

BOOST_AUTO_TEST_CASE(a_gap_and_a_delta_are_borders) {
  Names names;
  names.snapshot(1).singles(2, 4).singles(6, 8);
  BOOST_TEST((names.merges() == Texts{}));  // what is missing may still come
  names.segment(0, 5, 5, 100, Completeness::kDelta);
  BOOST_TEST((names.merges() == Texts{"1: 2-2 3-3 4-4"}));
}

BOOST_AUTO_TEST_CASE(no_object_hides_a_step_of_the_clock) {
  Names names;
  names.snapshot(1).clock(100).singles(2, 3).clock(50).singles(4, 5).clock(99).singles(6, 6);
  BOOST_TEST((names.merges() == Texts{"1: 2-2 3-3"}));  // more may come from before 100
  names.clock(100).singles(7, 8);
  BOOST_TEST((names.merges() == Texts{"1: 2-2 3-3", "1: 4-4 5-5 6-6"}));
  names.clock(90).singles(9, 10).clock(80).singles(11, 12).clock(95).singles(13, 14);
  BOOST_TEST((names.merges() == Texts{"1: 2-2 3-3", "1: 4-4 5-5 6-6", "1: 7-7 8-8", "1: 9-9 10-10",
                                      "1: 11-11 12-12"}));
}

BOOST_AUTO_TEST_CASE(a_last_object_changes_nothing) {
  Names names;
  names.snapshot(1).singles(2, 6).segment(5, 2, 6, 10, Completeness::kLast);
  BOOST_TEST((names.merges() == Texts{}));
  BOOST_TEST((names.covered() == Texts{}));
}

BOOST_AUTO_TEST_CASE(an_object_that_is_not_complete_does_not_count) {
  Names names;
  names.snapshot(1).singles(2, 6).segment(1, 2, 7, 10, Completeness::kAll, {1, 2}).singles(7, 7);
  BOOST_TEST((names.merges() == Texts{"1: 2-2 3-3 4-4 5-5 6-6 7-7"}));
  BOOST_TEST((names.covered() == Texts{}));
}

BOOST_AUTO_TEST_CASE(what_is_left_before_a_border_is_cut_where_it_gets_too_large) {
  Names names;
  names.rules.settled = 1500;
  names.rules.fan_in = 2;
  names.snapshot(1).singles(2, 9).snapshot(9);
  BOOST_TEST((names.merges() == Texts{"1: 2-2 3-3 4-4", "1: 5-5 6-6 7-7", "1: 8-8 9-9"}));
}

BOOST_AUTO_TEST_CASE(what_is_left_before_a_border_is_cut_after_64_objects) {
  Names names;
  names.rules.fan_in = 100;
  names.snapshot(1).singles(2, 67).snapshot(67);
  const auto merges = due_merges(names.generation(), names.rules, {});
  BOOST_REQUIRE(merges.size() == 2u);
  BOOST_TEST(merges[0].inputs.size() == 64u);
  BOOST_TEST(merges[1].inputs.size() == 2u);
}

BOOST_AUTO_TEST_CASE(one_object_before_a_border_stays_as_it_is) {
  Names names;
  names.snapshot(1).singles(2, 2).snapshot(2);
  BOOST_TEST((names.merges() == Texts{}));
}

BOOST_AUTO_TEST_CASE(the_rest_before_a_border_stays_at_the_top_level) {
  Names names;
  names.snapshot(1).segment(6, 2, 4).segment(5, 5, 6).snapshot(6);
  BOOST_TEST((names.merges() == Texts{"6: 2-4 5-6"}));
}

BOOST_AUTO_TEST_CASE(covered_is_what_another_object_holds) {
  Names names;
  names.snapshot(1).singles(2, 9).segment(1, 2, 4).segment(1, 5, 7).segment(2, 2, 7);
  BOOST_TEST((names.covered() == Texts{"1/2-4 by 2", "0/2-2 by 2", "0/3-3 by 2", "0/4-4 by 2",
                                       "1/5-7 by 2", "0/5-5 by 2", "0/6-6 by 2", "0/7-7 by 2"}));
}

BOOST_AUTO_TEST_CASE(the_same_range_on_two_levels_is_covered_by_the_higher) {
  Names names;
  names.snapshot(1).segment(0, 2, 4).segment(1, 2, 4);
  BOOST_TEST((names.covered() == Texts{"0/2-4 by 1"}));
}

BOOST_AUTO_TEST_CASE(an_overlap_covers_nothing_and_is_not_merged) {
  Names names;
  names.rules.fan_in = 2;
  names.snapshot(1).segment(0, 2, 4).segment(0, 3, 5);
  BOOST_TEST((names.covered() == Texts{}));
  BOOST_TEST((names.merges() == Texts{}));
}

BOOST_AUTO_TEST_CASE(an_object_with_a_snapshot_inside_covers_nothing) {
  Names names;
  names.snapshot(1).snapshot(3).singles(2, 5).segment(1, 2, 5);
  BOOST_TEST((names.covered() == Texts{}));
  Names beside;
  beside.snapshot(1).snapshot(5).singles(2, 5).segment(1, 2, 5);
  BOOST_TEST(beside.covered().size() == 4u);
  Names without;
  without.singles(2, 5).segment(1, 2, 5);
  BOOST_TEST(without.covered().size() == 4u);
}

// However many come, one by one, few are needed, and none is rewritten more often than there are
// levels.
BOOST_AUTO_TEST_CASE(the_number_of_objects_stays_logarithmic) {
  Names names;
  names.snapshot(1);
  std::uint64_t written = 0;
  std::size_t most = 0;
  constexpr std::uint64_t kMany = 3000;
  for (std::uint64_t txid = 2; txid <= kMany; ++txid) {
    names.segment(0, txid, txid);
    if (txid % 6 != 0) continue;
    for (auto due = due_merges(names.generation(), names.rules); !due.empty();
         due = due_merges(names.generation(), names.rules)) {
      for (const Merge& merge : due) {
        names.segment(merge.level, merge.inputs.front().first.value, merge.inputs.back().last.value,
                      merge.bytes);
        written += merge.bytes;
      }
      std::set<std::string> gone;
      for (const Covered& each : covered_segments(names.generation()))
        gone.insert(to_text(each.segment->key));
      std::erase_if(names.listing, [&](const Listed& object) { return gone.contains(object.key); });
    }
    most = std::max(most, names.listing.size());
  }
  BOOST_TEST(most <= 1 + 6 * 5u);
  BOOST_TEST(written <= kMany * 1000 * 5);
}

BOOST_AUTO_TEST_SUITE_END()
