#include "merge_scene.h"
#include "restore/plan.h"

using namespace streamd;
using namespace streamd::replicate;

namespace {

std::vector<catalog::SegmentKey> last_objects(const MemoryStore& store) {
  std::vector<catalog::SegmentKey> found;
  for (const auto& [level, list] : generation_in(store).segments)
    for (const auto& segment : list)
      if (segment.key.completeness == catalog::Completeness::kLast) found.push_back(segment.key);
  return found;
}

// How many segments a restore of `txid` takes, and whether one of them is a `last`.
std::pair<std::size_t, bool> plan_for(const MemoryStore& store, Txid txid) {
  std::vector<catalog::Listed> listing;
  for (const std::string& key : store.keys())
    listing.push_back({key, store.content(key).size(), 0});
  const catalog::Timeline timeline = catalog::read_timeline(listing);
  restore::Moment moment;
  moment.generation = timeline.generations.back().id;
  moment.txid = txid;
  const restore::Plan plan = require(restore::make_plan(timeline, moment));
  const bool last = std::any_of(
      plan.segments.begin(), plan.segments.end(),
      [](const auto& segment) { return segment.key.completeness == catalog::Completeness::kLast; });
  return {plan.segments.size(), last};
}

std::function<void(DatabaseSettings&)> tried_at(std::uint64_t bytes) {
  return merging(milliseconds(0), [bytes](UpkeepSettings& upkeep) {
    upkeep.last_bytes = bytes;
    upkeep.merge.settled_bytes = 8000;  // so that many objects stay
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(last_images)

BOOST_AUTO_TEST_CASE(a_hot_database_gets_one_and_later_restores_take_it) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  Daemon daemon(database, {store}, kDaily, 0, tried_at(100'000));
  database.insert(40, 300);
  daemon.sync();
  Moments moments;
  for (int i = 0; i < 200; ++i) write_and_sync(daemon, database, i, &moments);
  settle(daemon);
  const auto found = last_objects(*store);
  BOOST_REQUIRE(!found.empty());
  BOOST_TEST(found.front().level == 5);
  for (int i = 0; i < 5; ++i) write_and_sync(daemon, database, i, &moments);
  const auto [segments, takes_it] = plan_for(*store, moments.back().first);
  BOOST_TEST(takes_it);
  BOOST_TEST(!plan_for(*store, found.front().last.prior()).second);
  check_moments(*store, database, moments, 9);
  for (const catalog::SegmentKey& key : found)
    for (const auto& [txid, image] : moments)
      if (txid == key.last) BOOST_TEST((restored(*store, database, txid) == image));
  BOOST_TEST(daemon.stop().has_value());
  check_moments(*store, database, moments, 17);
}

BOOST_AUTO_TEST_CASE(where_other_pages_change_each_time_there_is_none) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  Daemon daemon(database, {store}, kDaily, 0, tried_at(100'000));
  database.insert(40, 300);
  daemon.sync();
  Moments moments;
  for (int i = 0; i < 60; ++i) {
    database.insert(5, 900);
    moments.emplace_back(daemon.sync(), database.image());
  }
  settle(daemon);
  BOOST_TEST(last_objects(*store).empty());
  check_moments(*store, database, moments, 7);
  BOOST_TEST(daemon.stop().has_value());
}

BOOST_AUTO_TEST_SUITE_END()
