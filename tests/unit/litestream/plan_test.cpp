#include "litestream/plan.h"

#include <boost/test/unit_test.hpp>

using namespace streamd;
using namespace streamd::litestream;

namespace {

Snapshot snapshot(std::uint32_t index, Micros time) {
  return {index, {"s" + std::to_string(index), 10, time}};
}
Segment segment(std::uint32_t index, std::uint64_t offset, Micros time) {
  return {index, offset, {"w" + std::to_string(index) + "_" + std::to_string(offset), 10, time}};
}
LtxFile file(unsigned level, std::uint64_t first, std::uint64_t last) {
  return {
      level, Txid(first), Txid(last), {std::to_string(first) + "-" + std::to_string(last), 10, 0}};
}
restore::Target at(Micros time) {
  return {restore::ByTime{time}, {}, false};
}
restore::Target at_txid(std::uint64_t txid, bool nearest = false) {
  return {restore::ByTxid{Txid(txid)}, {}, nearest};
}

// Two generations; in the second two snapshots.
Inventory two_generations() {
  Inventory inventory;
  inventory.generations = {
      {GenerationId(7), {snapshot(0, 100)}, {segment(0, 0, 110), segment(0, 50, 120)}},
      {GenerationId(3),
       {snapshot(0, 200), snapshot(2, 240)},
       {segment(0, 0, 210), segment(1, 0, 220), segment(1, 64, 230), segment(2, 0, 250)}}};
  return inventory;
}

std::string keys(const Plan& plan) {
  std::string all;
  for (const Stored& object : plan.objects()) all += object.key + " ";
  return all;
}
std::string keys(const Result<Plan>& plan) {
  return plan ? keys(*plan) : std::string(code_name(plan.error().code));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plan)

BOOST_AUTO_TEST_CASE(the_newest_image_wherever_it_is_listed) {
  Inventory inventory = two_generations();
  std::swap(inventory.generations[0], inventory.generations[1]);
  BOOST_TEST(keys(plan_generations(inventory, at(245))) == "s2 ");
  restore::Target named = at(99);
  for (const std::uint64_t id : {7u, 3u, 5u}) {
    named.generation = GenerationId(id);
    BOOST_TEST(keys(plan_generations(inventory, named)) == code_name(Code::kOutsideWindow));
  }
  Inventory levels;
  levels.files = {file(9, 1, 20), file(9, 1, 10), file(9, 5, 8), file(0, 21, 21)};
  BOOST_TEST(keys(plan_levels(levels.files, {})) == "1-20 21-21 ");
  BOOST_TEST(keys(plan_levels(levels.files, at_txid(10))) == "1-10 ");
}

BOOST_AUTO_TEST_CASE(generations_by_time_and_by_name) {
  const Inventory inventory = two_generations();
  BOOST_TEST(keys(plan_generations(inventory, {})) == "s2 w2_0 ");
  BOOST_TEST(keys(plan_generations(inventory, at(245))) == "s2 ");
  BOOST_TEST(keys(plan_generations(inventory, at(239))) == "s0 w0_0 w1_0 w1_64 ");
  BOOST_TEST(keys(plan_generations(inventory, at(229))) == "s0 w0_0 w1_0 ");
  BOOST_TEST(keys(plan_generations(inventory, at(199))) == "s0 w0_0 w0_50 ");  // of the first one
  BOOST_TEST(keys(plan_generations(inventory, at(100))) == "s0 ");
  BOOST_TEST(keys(plan_generations(inventory, at(99))) == code_name(Code::kOutsideWindow));
  restore::Target named;
  named.generation = GenerationId(7);
  const auto plan = plan_generations(inventory, named);
  BOOST_TEST(keys(plan) == "s0 w0_0 w0_50 ");
  BOOST_TEST(plan->moment.time == 120);
  BOOST_TEST(!plan->unsettled);
  named.generation = GenerationId(8);
  BOOST_TEST(keys(plan_generations(inventory, named)) == code_name(Code::kOutsideWindow));
  BOOST_TEST(keys(plan_generations(inventory, at_txid(1))) == code_name(Code::kUsage));
}

BOOST_AUTO_TEST_CASE(a_moment_with_nothing_newer_than_the_snapshot_is_unsettled) {
  const auto plan = plan_generations(two_generations(), at(245));
  BOOST_REQUIRE(plan.has_value());
  BOOST_TEST(plan->unsettled);
  BOOST_TEST(plan->moment.time == 240);
}

BOOST_AUTO_TEST_CASE(gaps_between_logs_are_refused_or_told) {
  Inventory inventory = two_generations();
  auto& segments = inventory.generations[1].segments;
  segments = {segment(0, 0, 210), segment(2, 0, 220)};
  inventory.generations[1].snapshots.pop_back();
  const auto refused = plan_generations(inventory, {});
  BOOST_TEST(keys(refused) == code_name(Code::kCorrupt));
  BOOST_TEST(refused.error().message.find("beginning of log 00000001") != std::string::npos);
  restore::Target nearest;
  nearest.nearest = true;
  const auto plan = plan_generations(inventory, nearest);
  BOOST_TEST(keys(plan) == "s0 w0_0 ");
  BOOST_TEST(plan->moment.notes.size() == 1u);
  segments = {segment(0, 32, 210)};  // the first segment of the snapshot's own log is gone
  BOOST_TEST(keys(plan_generations(inventory, {})) == code_name(Code::kCorrupt));
}

BOOST_AUTO_TEST_CASE(a_generation_without_a_snapshot_is_not_restorable) {
  Inventory inventory;
  inventory.generations = {{GenerationId(1), {}, {segment(0, 0, 1)}}};
  BOOST_TEST(keys(plan_generations(inventory, {})) == code_name(Code::kNotRestorable));
}

BOOST_AUTO_TEST_CASE(levels_take_the_newest_snapshot_and_what_reaches_furthest) {
  const std::vector<LtxFile> files = {file(0, 9, 9), file(0, 10, 10), file(0, 11, 11),
                                      file(1, 1, 4), file(1, 5, 8),   file(1, 9, 10),
                                      file(2, 1, 8), file(9, 1, 1),   file(9, 1, 6)};
  BOOST_TEST(keys(plan_levels(files, {})) == "1-6 1-8 9-10 11-11 ");
  BOOST_TEST(keys(plan_levels(files, at_txid(9))) == "1-6 1-8 9-9 ");
  BOOST_TEST(keys(plan_levels(files, at_txid(6))) == "1-6 ");
  BOOST_TEST(keys(plan_levels(files, at_txid(4))) == "1-1 1-4 ");
  BOOST_TEST(keys(plan_levels(files, at_txid(7))) == code_name(Code::kOutsideWindow));
  BOOST_TEST(keys(plan_levels(files, at_txid(7, true))) == "1-6 ");
  BOOST_TEST(keys(plan_levels(files, at_txid(12))) == code_name(Code::kOutsideWindow));
  const auto newest = plan_levels(files, {});
  BOOST_TEST(newest->moment.txid.value == 11u);
  restore::Target generation;
  generation.generation = GenerationId(1);
  BOOST_TEST(keys(plan_levels(files, generation)) == code_name(Code::kUsage));
}

BOOST_AUTO_TEST_CASE(gaps_between_levels_are_refused_or_told) {
  const std::vector<LtxFile> files = {file(0, 1, 1), file(0, 2, 2), file(0, 4, 4)};
  const auto refused = plan_levels(files, {});
  BOOST_TEST(keys(refused) == code_name(Code::kCorrupt));
  BOOST_TEST(refused.error().message == "transactions 3 to 3 are missing before 4-4");
  restore::Target nearest;
  nearest.nearest = true;
  const auto plan = plan_levels(files, nearest);
  BOOST_TEST(keys(plan) == "1-1 2-2 ");
  BOOST_TEST(plan->moment.notes.size() == 1u);
}

BOOST_AUTO_TEST_CASE(levels_without_a_whole_image) {
  BOOST_TEST(keys(plan_levels({file(0, 5, 5)}, {})) == code_name(Code::kNotRestorable));
  BOOST_TEST(keys(plan_levels({file(9, 1, 5)}, at_txid(4))) == code_name(Code::kOutsideWindow));
}

BOOST_AUTO_TEST_CASE(of_both_formats_the_newer_one_counts) {
  Inventory inventory = two_generations();
  BOOST_TEST((format_for(inventory, {}) == Format::kGenerations));
  LtxFile image = file(9, 1, 1);
  image.object.time = 300;
  inventory.files = {image};
  BOOST_TEST((format_for(inventory, {}) == Format::kLevels));
  BOOST_TEST((format_for(inventory, at(299)) == Format::kGenerations));
  BOOST_TEST((format_for(inventory, at(300)) == Format::kLevels));
  BOOST_TEST((format_for(inventory, at_txid(1)) == Format::kLevels));
  restore::Target named;
  named.generation = GenerationId(7);
  BOOST_TEST((format_for(inventory, named) == Format::kGenerations));
  inventory.generations.clear();
  BOOST_TEST((format_for(inventory, named) == Format::kLevels));
}

BOOST_AUTO_TEST_CASE(plans_are_told) {
  const auto generations = plan_generations(two_generations(), {});
  BOOST_TEST(describe(*generations).find("log 00000002 of generation 0000000000000003") !=
             std::string::npos);
  BOOST_TEST(to_json(*generations).print().find("w2_0") != std::string::npos);
  const auto levels = plan_levels({file(9, 1, 5)}, {});
  BOOST_TEST(describe(*levels).find("transaction 5 (Litestream 0.5)") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
