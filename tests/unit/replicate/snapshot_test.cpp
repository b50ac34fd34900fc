// What a snapshot sends, and what it finds there already.
#include <fstream>

#include "outage_scene.h"

using namespace streamd;
using namespace streamd::replicate;

namespace {

// Counts the parts that somebody tries to put.
class CountingStore : public AwayStore {
 public:
  CountingStore() {
    before = [this](Operation operation, const std::string& key) -> Status {
      if (operation != Operation::kPut || !key.ends_with(".part")) return {};
      if (++puts == failing) return make_error(Code::kTransient, "planted outage");
      return {};
    };
  }
  std::atomic<int> puts{0}, failing{0};  // which one of them fails
};

// The database has so many pages from now on; the new ones are a hole that nothing in it uses.
void lengthen(LiveDatabase& database, std::uint32_t page_size, std::uint32_t pages) {
  database.close();
  std::filesystem::resize_file(database.path(), std::uint64_t{pages} * page_size);
  const std::uint8_t in_header[4] = {
      static_cast<std::uint8_t>(pages >> 24), static_cast<std::uint8_t>(pages >> 16),
      static_cast<std::uint8_t>(pages >> 8), static_cast<std::uint8_t>(pages)};
  std::fstream file(database.path(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(28);
  file.write(reinterpret_cast<const char*>(in_header), sizeof in_header);
  file.close();
  BOOST_REQUIRE(file.good());
  database.open();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(snapshots)

BOOST_AUTO_TEST_CASE(beyond_a_gibibyte_the_page_of_sqlites_locks_is_in_none) {
  constexpr std::uint32_t kPage = 65536;
  LiveDatabase database(kPage);
  database.insert(3);
  lengthen(database, kPage, lock_page(kPage).value + 3);
  const auto store = std::make_shared<CountingStore>();
  Daemon daemon(database, {store});
  database.insert();
  daemon.sync();
  BOOST_TEST(comes([&] { return daemon->status().replicas[0].snapshots_taken == 1; }));
  BOOST_TEST(store->count(".part") > 1);
  BOOST_TEST(daemon.stop().has_value());
}

BOOST_AUTO_TEST_CASE(one_that_failed_goes_on_with_what_is_missing) {
  LiveDatabase database;
  database.insert(60'000, 1200);  // five parts
  const auto store = std::make_shared<CountingStore>();
  store->failing = 4;
  Daemon daemon(database, {store});
  daemon.sync();
  BOOST_TEST(store->count(".part") == 5);
  BOOST_TEST(store->puts == 5 + 1);
  BOOST_TEST(daemon->status().replicas[0].snapshots_taken == 1u);
  BOOST_TEST((restored(*store, database) == database.image()));
  BOOST_TEST(daemon.stop().has_value());
}

BOOST_AUTO_TEST_CASE(one_damaged_part_is_renewed_alone) {
  LiveDatabase database;
  database.insert(60'000, 1200);
  const auto store = std::make_shared<CountingStore>();
  Daemon daemon(database, {store});
  daemon.sync();
  const auto keys = store->keys();
  const auto damaged = std::find_if(keys.begin(), keys.end(),
                                    [](const std::string& key) { return key.ends_with(".part"); });
  BOOST_REQUIRE((damaged != keys.end()));
  store->set(*damaged, Bytes(100, 0x55));
  store->puts = 0;
  database.insert();
  daemon.sync();
  daemon->renew("r0", {*damaged});
  BOOST_TEST(comes([&] { return daemon->status().replicas[0].snapshots_taken == 2; }));
  BOOST_TEST(store->puts == 1);
  BOOST_TEST((restored(*store, database) == database.image()));
  BOOST_TEST(daemon.stop().has_value());
}

// A backup is put back over the database, and then another one: parts that no snapshot named for a
// while may have been removed from the replica.
BOOST_AUTO_TEST_CASE(a_database_that_grows_again_sends_its_parts_again) {
  LiveDatabase database, large, small;
  large.insert(20'000, 1200);  // two parts
  database.copy_from(large);
  const auto store = std::make_shared<CountingStore>();
  Daemon daemon(database, {store});
  daemon.sync();
  const auto snapshot = [&](std::uint64_t taken) {
    daemon.sync();
    daemon->renew("r0", {});
    BOOST_REQUIRE(comes([&] { return daemon->status().replicas[0].snapshots_taken == taken; }));
  };
  BOOST_TEST(store->puts == 2);
  database.copy_from(small);
  snapshot(2);
  for (const std::string& key : store->keys())
    if (key.ends_with(".part")) store->erase(key);
  database.copy_from(large);
  snapshot(3);
  BOOST_TEST(store->puts == 2 + 2);
  BOOST_TEST((restored(*store, database) == database.image()));
  BOOST_TEST(daemon.stop().has_value());
}

BOOST_AUTO_TEST_SUITE_END()
