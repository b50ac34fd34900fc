// From a state in the middle of a generation: at the beginnings of segments, and inside merged
// ones.
#include "restore/advance.h"

#include <boost/test/unit_test.hpp>

#include "replica_builder.h"
#include "restore/replica.h"
#include "segment/concatenate.h"

using namespace streamd;
using namespace streamd::restore;

namespace {

// Segments of one to four transactions after a snapshot of the first.
struct Scene {
  explicit Scene(unsigned seed) : builder(seed) {
    builder.begin_with(20);
    builder.snapshot();
    for (int i = 0; i < 8; ++i) {
      builder.commit(1 + static_cast<int>((seed + static_cast<unsigned>(i)) % 4));
      segments.push_back(builder.seal(0, i == 7 ? 2 : 1));
    }
  }
  // Segments [first, end) become one.
  void merge(std::size_t first, std::size_t end) {
    segment::ObjectHeader header;
    header.level = 1;
    segment::Concatenation merged(
        segment::must(File::create_new(folder.file(std::to_string(++files)))), header);
    for (std::size_t i = first; i < end; ++i) {
      const Bytes bytes = builder.store->content(to_text(segments[i]));
      const MemorySource source(bytes);
      segment::must(merged.add(segment::must(segment::ObjectReader::open(source))));
      builder.store->erase(to_text(segments[i]));
    }
    const auto made = segment::must(merged.finish());
    catalog::SegmentKey key = segments[end - 1];
    key.level = 1;
    key.first = segments[first].first;
    builder.store->set(to_text(key), segment::contents(made.file));
  }
  // Goes on from the state after `from` to the newest one.
  Status go_on(std::uint64_t from) {
    const Inventory inventory = segment::must(take_inventory(*builder.store, {}));
    const Moment moment{builder.generation, Txid(builder.txid), {}};
    const Plan plan = TRY(continue_plan(inventory.timeline, moment, Txid(from), Entry::kAnywhere));
    File file = segment::must(File::create(folder.file("pages")));
    PlainPages pages(file, kPageSize);
    PageHashes hashes;
    const segment::Database& before = builder.states.at(from);
    for (const auto& [page, image] : before.pages) {
      segment::must(pages.write(page, image));
      hashes.set(page, segment::page_hash(image, page, segment::kKey));
      BOOST_TEST(hashes.of(page) != 0u);
    }
    Workers workers(2);
    Applier applier(pages, kPageSize, segment::kKey, workers, std::move(hashes));
    Reached reached{Txid(from), true, kPageSize, before.size, before.checksum(), 0};
    std::vector<Txid> commits;
    AdvanceOptions how;
    how.committed = [&](const Reached& now) -> Status {
      BOOST_TEST(now.checksum == builder.states.at(now.txid.value).checksum());
      commits.push_back(now.txid);
      return {};
    };
    const Status applied =
        apply_segments(*builder.store, builder.marker, plan, applier, reached, how);
    untouched = reached.whole && reached.txid == Txid(from);
    TRY(Status(applied));
    BOOST_TEST(commits.size() == plan.segments.size());
    BOOST_TEST((reached.txid == moment.txid && reached.whole));
    BOOST_TEST((segment::must(read_file(file.path())) == file_of(builder.now())));
    return {};
  }

  TempFolder folder;
  ReplicaBuilder builder;
  std::vector<catalog::SegmentKey> segments;
  int files = 0;
  bool untouched = false;  // by the last go_on(): the file holds what it held
};

}  // namespace

BOOST_AUTO_TEST_SUITE(advance)

BOOST_AUTO_TEST_CASE(from_the_end_of_any_segment_also_after_merging) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    Scene scene(seed);
    for (const bool merged : {false, true}) {
      if (merged) scene.merge(1, 7);
      segment::must(scene.go_on(1));
      for (const catalog::SegmentKey& key : scene.segments)
        segment::must(scene.go_on(key.last.value));
    }
  }
}

BOOST_AUTO_TEST_CASE(not_from_the_middle_of_a_run) {
  Scene scene(3);
  int refused = 0;
  for (const catalog::SegmentKey& key : scene.segments) {
    if (key.first == key.last || key.piece.count > 1) continue;
    const Status gone_on = scene.go_on(key.first.value);
    if (gone_on) continue;  // its run was full just there
    BOOST_TEST((gone_on.error().code == Code::kOutsideWindow));
    ++refused;
  }
  BOOST_TEST(refused > 0);
}

BOOST_AUTO_TEST_CASE(only_from_the_state_it_continues) {
  Scene scene(2);
  scene.merge(1, 7);
  const std::uint64_t from = scene.segments[3].last.value;
  scene.builder.states[from] = scene.builder.states.at(from - 1);
  BOOST_TEST((scene.go_on(from).error().code == Code::kCorrupt));
  BOOST_TEST(scene.untouched);
}

BOOST_AUTO_TEST_SUITE_END()
