// Pruning a replica of real objects: what is left is restored.
#include "retention/prune.h"

#include <boost/test/unit_test.hpp>

#include "made_up_replica.h"
#include "restore/rebuild.h"
#include "restore/replica_builder.h"
#include "segment/concatenate.h"
#include "segment/reader.h"

using namespace streamd;
using namespace streamd::retention;
using restore::ReplicaBuilder;
using segment::must;
using storage::Operation;

namespace {

class SetClock final : public Clock {
 public:
  Micros wall_micros() const override { return now; }
  MonoTime mono() const override { return MonoTime(std::chrono::microseconds(now)); }
  Micros now = restore::kEpoch;
};

// A snapshot at every tenth transaction of 100, one transaction a second; the last was just now.
struct Scene {
  Scene() {
    builder.begin_with(9);
    tick();
    builder.snapshot();
    while (builder.txid < 100) {
      builder.commit(1);
      tick();
      builder.seal();
      if (builder.txid % 10 == 0) builder.snapshot();
    }
    rules.retention = rules.history = milliseconds(30'000);
    rules.grace = milliseconds(2000);
  }
  void tick() {
    clock.now = restore::seen_at(builder.txid) + 100'000;
    builder.store->mtime_ns = clock.now * 1000;
  }
  Result<PruneReport> prune() {
    Pruner pruner(*builder.store, clock);
    TRY(pruner.prune(rules, {}));
    return pruner.report();
  }
  std::vector<std::uint64_t> snapshots() const {
    std::vector<std::uint64_t> txids;
    const restore::Inventory there = inventory();
    for (const auto& snapshot : there.timeline.generations.front().snapshots)
      txids.push_back(snapshot.key.txid.value);
    return txids;
  }
  restore::Inventory inventory() const { return must(restore::take_inventory(*builder.store, {})); }
  bool restores(std::uint64_t txid) const {
    const restore::Inventory there = inventory();
    const auto plan = restore::make_plan(there.timeline, {builder.generation, Txid(txid)});
    if (!plan) return false;
    TempFolder folder;
    File file = must(File::create_new(folder.file("out")));
    const auto rebuilt = restore::rebuild(*builder.store, there, *plan, file, {});
    if (!rebuilt) BOOST_TEST_MESSAGE(rebuilt.error().message);
    return rebuilt && must(read_file(file.path())) == restore::file_of(builder.states.at(txid));
  }
  std::size_t count(const char* part) const {
    std::size_t found = 0;
    for (const std::string& key : builder.store->keys())
      if (key.find(part) != std::string::npos) ++found;
    return found;
  }
  ReplicaBuilder builder{7};
  SetClock clock;
  Rules rules;
};

// The segments of one transaction each from `first` to `last` as one of level 1, long enough ago.
catalog::SegmentKey merge(Scene& scene, std::uint64_t first, std::uint64_t last) {
  TempFolder folder;
  segment::ObjectHeader header;
  header.level = 1;
  segment::Concatenation merged(must(File::create_new(folder.file("merged"))), header);
  for (const catalog::Segment& each : scene.inventory().timeline.generations.front().segments[0]) {
    if (each.key.first < Txid(first) || each.key.last > Txid(last)) continue;
    const Bytes bytes = scene.builder.store->content(catalog::to_text(each.key));
    const MemorySource source(bytes);
    must(merged.add(must(segment::ObjectReader::open(source))));
  }
  const segment::SealedObject object = must(merged.finish());
  const catalog::SegmentKey key = segment::key_of(object.header);
  scene.builder.store->set(catalog::to_text(key), segment::contents(object.file));
  scene.clock.now += 5'000'000;
  scene.builder.store->mtime_ns = scene.clock.now * 1000;
  return key;
}

std::size_t of_level_0(const Scene& scene, std::uint64_t first, std::uint64_t last) {
  std::size_t found = 0;
  for (const catalog::Segment& each : scene.inventory().timeline.generations.front().segments[0])
    found += each.key.first >= Txid(first) && each.key.last <= Txid(last) ? 1 : 0;
  return found;
}

Error refused() {
  return make_error(Code::kPermission, "remove: AccessDenied: object lock");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(prune)

BOOST_AUTO_TEST_CASE(what_is_left_is_restored) {
  Scene scene;
  const auto before = scene.builder.store->keys().size();
  const PruneReport report = must(scene.prune());
  BOOST_TEST(report.removed.size() == report.decisions.count(Fate::kRemove));
  BOOST_TEST(scene.builder.store->keys().size() == before - report.removed.size());
  BOOST_TEST(scene.snapshots().front() == 60u);
  for (std::uint64_t txid = 60; txid <= 100; txid += 4) BOOST_TEST(scene.restores(txid), txid);
  BOOST_TEST(!scene.restores(59));
  BOOST_TEST(scene.builder.store->has("streamd.json"));
  BOOST_TEST(!scene.builder.store->has(".streamd-clock"));
  BOOST_TEST(must(scene.prune()).removed.empty());
}

BOOST_AUTO_TEST_CASE(explaining_changes_nothing) {
  Scene scene;
  Pruner pruner(*scene.builder.store, scene.clock);
  must(pruner.explain(scene.rules, {}));
  const PruneReport& report = pruner.report();
  BOOST_TEST(report.decisions.count(Fate::kRemove) > 50u);
  BOOST_TEST(report.decisions.objects.size() == scene.builder.store->keys().size());
  BOOST_TEST(report.removed.empty());
  BOOST_TEST(scene.builder.store->calls(Operation::kRemove) == 0);
  BOOST_TEST(scene.builder.store->calls(Operation::kPut) == 0);
}

BOOST_AUTO_TEST_CASE(nothing_to_remove_costs_one_listing) {
  Scene scene;
  scene.rules.retention = scene.rules.history = std::chrono::hours(1);
  BOOST_TEST(must(scene.prune()).removed.empty());
  BOOST_TEST(scene.builder.store->calls(Operation::kList) == 1);
  BOOST_TEST(scene.builder.store->calls(Operation::kPut) == 0);
}

BOOST_AUTO_TEST_CASE(clocks_that_differ) {
  for (const Micros off : {-6 * kMinute, 6 * kMinute}) {
    Scene scene;
    scene.builder.store->mtime_ns += off * 1000;
    const auto report = scene.prune();
    BOOST_REQUIRE(!report);
    BOOST_TEST((report.error().code == Code::kUnsupported));
    BOOST_TEST(report.error().message.find("the storage says it is 2023-") != std::string::npos);
    BOOST_TEST(scene.snapshots().size() == 11u);
  }
  Scene scene;
  scene.builder.store->mtime_ns += 4 * kMinute * 1000;  // the store's counts
  BOOST_TEST(must(scene.prune()).removed.size() > 0u);
}

BOOST_AUTO_TEST_CASE(what_the_store_refuses_is_told_once_for_each_kind) {
  Scene scene;
  const auto before = scene.builder.store->keys();
  scene.builder.store->before = [](Operation operation, const std::string& key) -> Status {
    if (operation == Operation::kRemove && key.starts_with("generations/")) return refused();
    return {};
  };
  const PruneReport report = must(scene.prune());
  BOOST_TEST(report.removed.empty());
  BOOST_REQUIRE(report.refused.size() == 2u);  // parts of manifests that stay are not even tried
  BOOST_TEST(report.refused[0].what == "snapshots");
  BOOST_TEST(report.refused[1].what == "segments");
  BOOST_TEST(report.refused[1].objects > 50u);
  BOOST_TEST(report.refused[1].error.message == refused().message);
  BOOST_TEST(scene.builder.store->calls(Operation::kRemove) < 60);
  BOOST_TEST(scene.builder.store->keys() == before, boost::test_tools::per_element());
}

// The store of this test looks at the first key of a batch only, as a locked object would.
BOOST_AUTO_TEST_CASE(a_locked_object_holds_up_no_other) {
  Scene scene;
  std::string locked;
  for (const std::string& key : scene.builder.store->keys())
    if (key.find("/segments/") != std::string::npos && locked.empty()) locked = key;
  scene.builder.store->before = [&](Operation operation, const std::string& key) -> Status {
    return operation == Operation::kRemove && key == locked ? Status(refused()) : Status();
  };
  const PruneReport report = must(scene.prune());
  BOOST_REQUIRE(report.refused.size() == 1u);
  BOOST_TEST(report.refused[0].objects == 1u);
  BOOST_TEST(scene.builder.store->has(locked));
  BOOST_TEST(scene.count("/segments/") == 41u);
}

BOOST_AUTO_TEST_CASE(a_manifest_that_stays_keeps_its_parts) {
  Scene scene;
  scene.builder.store->before = [](Operation operation, const std::string& key) -> Status {
    const bool manifest = key.find("/snapshots/") != std::string::npos;
    return operation == Operation::kRemove && manifest ? Status(refused()) : Status();
  };
  const std::size_t parts = scene.count("/parts/");
  must(scene.prune());
  BOOST_TEST(scene.snapshots().size() == 11u);
  BOOST_TEST(scene.count("/parts/") == parts);
  BOOST_TEST(scene.restores(1));
}

BOOST_AUTO_TEST_CASE(a_manifest_that_cannot_be_read_keeps_all_parts) {
  Scene scene;
  const std::size_t parts = scene.count("/parts/");
  for (const std::string& key : scene.builder.store->keys())
    if (key.find("snapshots/" + to_text(Txid(90))) != std::string::npos)
      scene.builder.store->set(key, Bytes(100));
  const PruneReport report = must(scene.prune());
  BOOST_TEST(report.damaged.size() == 1u);
  BOOST_TEST(report.removed.size() > 0u);
  BOOST_TEST(scene.count("/parts/") == parts);
}

BOOST_AUTO_TEST_CASE(what_a_merged_object_covers_goes_only_when_that_one_is_whole) {
  for (const bool damaged : {false, true}) {
    Scene scene;
    const std::string merged = catalog::to_text(merge(scene, 92, 97));
    if (damaged) {
      Bytes bytes = scene.builder.store->content(merged);
      bytes[bytes.size() - 60] ^= 1;  // in the index
      scene.builder.store->set(merged, bytes);
      scene.clock.now += 5'000'000;
      scene.builder.store->mtime_ns = scene.clock.now * 1000;
    }
    const PruneReport report = must(scene.prune());
    BOOST_TEST(report.removed.size() > 0u);
    BOOST_TEST(report.damaged.size() == (damaged ? 1u : 0u));
    BOOST_TEST(of_level_0(scene, 92, 97) == (damaged ? 6u : 0u));
    BOOST_TEST(report.decisions.objects.size() ==
               scene.builder.store->keys().size() + report.removed.size());
    if (damaged) scene.builder.store->erase(merged);
    for (const std::uint64_t txid : {80u, 95u, 100u}) BOOST_TEST(scene.restores(txid), txid);
  }
}

// The one that the window's beginning rests on.
BOOST_AUTO_TEST_CASE(a_snapshot_without_one_of_its_parts_leads_past_nothing) {
  Scene scene;
  std::vector<std::string> parts;
  for (const std::string& key : scene.builder.store->keys())
    if (key.find("/parts/") != std::string::npos &&
        key.find(to_text(Txid(60))) != std::string::npos)
      parts.push_back(key);
  BOOST_REQUIRE(!parts.empty());
  scene.builder.store->erase(parts.front());
  const PruneReport report = must(scene.prune());
  BOOST_REQUIRE(report.damaged.size() == 1u);
  BOOST_TEST(report.damaged.front().message.find("is missing") != std::string::npos);
  BOOST_TEST(report.removed.size() > 0u);
  BOOST_TEST(scene.snapshots().front() == 50u);
  for (const std::string& key : scene.builder.store->keys())
    if (key.find("snapshots/" + to_text(Txid(60))) != std::string::npos)
      scene.builder.store->erase(key);
  for (const std::uint64_t txid : {61u, 69u, 75u}) BOOST_TEST(scene.restores(txid), txid);
}

BOOST_AUTO_TEST_CASE(killed_at_every_step) {
  for (int steps = 0;; ++steps) {
    Scene scene;
    int left = steps;
    scene.builder.store->before = [&](Operation operation, const std::string&) -> Status {
      if (operation == Operation::kList || operation == Operation::kGet) return {};
      if (left-- > 0) return {};
      return make_error(Code::kCancelled, "killed");
    };
    const auto report = scene.prune();
    scene.builder.store->before = {};
    for (const std::uint64_t txid : {60u, 75u, 100u}) BOOST_TEST(scene.restores(txid), steps);
    if (report) break;
    must(scene.prune());
    BOOST_TEST(scene.snapshots().front() == 60u);
    BOOST_REQUIRE(steps < 30);
  }
}

BOOST_AUTO_TEST_CASE(a_snapshot_that_comes_between_is_seen) {
  Scene scene;
  bool came = false;
  scene.builder.store->before = [&](Operation operation, const std::string& key) -> Status {
    if (operation != Operation::kRemove || came || key == ".streamd-clock") return {};
    came = true;
    scene.builder.commit(1);
    scene.builder.seal();
    scene.builder.snapshot();
    return {};
  };
  must(scene.prune());
  BOOST_TEST(came);
  BOOST_TEST(scene.restores(101));
  BOOST_TEST(scene.restores(60));
}

BOOST_AUTO_TEST_SUITE_END()
