#include "replicate/merge_cache.h"

#include <boost/test/unit_test.hpp>

#include "temp_folder.h"

using namespace streamd;
using namespace streamd::replicate;

namespace {

catalog::SegmentKey key(std::uint64_t first) {
  return {GenerationId(0x100000001),  0, Txid(first), Txid(first), 1000, {},
          catalog::Completeness::kAll};
}

struct Scene {
  // A file of the spool.
  std::string file(const std::string& name, std::size_t bytes = 1000) {
    const std::string path = folder.file(name);
    BOOST_REQUIRE(replace_file(path, Bytes(bytes, 7)));
    return path;
  }
  bool has(MergeCache& cache, std::uint64_t first) { return cache.open(key(first)).has_value(); }
  TempFolder folder;
  std::string place = folder.file("cache");
};

}  // namespace

BOOST_AUTO_TEST_SUITE(cache_of_what_is_to_be_merged)

BOOST_AUTO_TEST_CASE(a_link_outlives_the_spools_file_and_a_move_takes_it_away) {
  Scene scene;
  MergeCache cache(scene.place, 10'000);
  const std::string linked = scene.file("a"), moved = scene.file("b");
  cache.keep(key(1), linked);
  cache.keep_moved(key(2), moved);
  BOOST_TEST(stat_path(linked)->has_value());
  BOOST_TEST(!stat_path(moved)->has_value());
  BOOST_REQUIRE(remove_file(linked));
  BOOST_TEST(scene.has(cache, 1));
  BOOST_TEST(scene.has(cache, 2));
  BOOST_TEST(!scene.has(cache, 3));
  BOOST_TEST(cache.bytes() == 2000u);
  cache.drop(key(1));
  BOOST_TEST(!scene.has(cache, 1));
  BOOST_TEST(cache.bytes() == 1000u);
}

BOOST_AUTO_TEST_CASE(the_oldest_go_above_the_limit) {
  Scene scene;
  MergeCache cache(scene.place, 2500);
  for (std::uint64_t txid = 1; txid <= 3; ++txid)
    cache.keep_moved(key(txid), scene.file(std::to_string(txid)));
  BOOST_TEST(!scene.has(cache, 1));
  BOOST_TEST(scene.has(cache, 2));
  BOOST_TEST(scene.has(cache, 3));
  const std::string large = scene.file("large", 3000);
  cache.keep_moved(key(4), large);
  BOOST_TEST(!scene.has(cache, 4));
  BOOST_TEST(!stat_path(large)->has_value());
  BOOST_TEST(scene.has(cache, 3));
}

BOOST_AUTO_TEST_CASE(the_next_life_finds_it_and_strangers_go) {
  Scene scene;
  {
    MergeCache cache(scene.place, 10'000);
    for (std::uint64_t txid = 1; txid <= 3; ++txid)
      cache.keep_moved(key(txid), scene.file(std::to_string(txid)));
  }
  const std::string stranger = join_path(scene.place, "stranger");
  BOOST_REQUIRE(replace_file(stranger, Bytes(5, 1)));
  MergeCache cache(scene.place, 10'000);
  BOOST_TEST(scene.has(cache, 2));
  BOOST_TEST(cache.bytes() == 3000u);
  BOOST_TEST(!stat_path(stranger)->has_value());
  cache.keep_only({catalog::to_text(key(3))});
  BOOST_TEST(cache.bytes() == 1000u);
  BOOST_TEST(scene.has(cache, 3));
  BOOST_REQUIRE(remove_tree(scene.place));
  BOOST_TEST(!scene.has(cache, 3));
  BOOST_TEST(cache.bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(a_disk_that_fails_costs_the_copy_and_nothing_more) {
  Scene scene;
  MergeCache cache(scene.place, 10'000);
  const std::string linked = scene.file("a"), moved = scene.file("b");
  set_file_fault(
      [](FileOp operation, const std::string&) { return operation == FileOp::kRename ? EIO : 0; });
  cache.keep(key(1), linked);
  cache.keep_moved(key(2), moved);
  set_file_fault({});
  BOOST_TEST(stat_path(linked)->has_value());
  BOOST_TEST(!stat_path(moved)->has_value());
  BOOST_TEST(cache.bytes() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
