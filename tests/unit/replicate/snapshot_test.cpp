// What a snapshot sends, and what it finds there already.
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

}  // namespace

BOOST_AUTO_TEST_SUITE(snapshots)

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

BOOST_AUTO_TEST_SUITE_END()
