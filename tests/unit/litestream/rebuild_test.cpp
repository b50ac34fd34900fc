#include "litestream/rebuild.h"

#include <boost/test/unit_test.hpp>
#include <random>

#include "litestream/header_times.h"
#include "litestream/stream.h"
#include "sample_objects.h"
#include "temp_folder.h"

using namespace streamd;
using namespace streamd::litestream;

namespace {

constexpr const char* kGeneration = "generations/0123456789abcdef/";

struct Fixture {
  MemoryStore store;
  TempFolder folder;
  Bytes content;  // of the last restore

  Result<Plan> plan(const restore::Target& target = {}) {
    const Inventory inventory = TRY(take_inventory(store, storage::Call{}));
    return format_for(inventory, target) == Format::kLevels ? plan_levels(inventory.files, target)
                                                            : plan_generations(inventory, target);
  }
  // The restored file's pages, or what went wrong.
  Result<Rebuilt> restored() {
    const Plan what = TRY(plan());
    File file = TRY(File::create(folder.file("out")));
    restore::RebuildOptions options;
    auto rebuilt = rebuild(store, what, file, options);
    content = TRY(read_file(folder.file("out")));
    return rebuilt;
  }
  std::string failure() {
    const auto rebuilt = restored();
    return rebuilt ? "" : rebuilt.error().message;
  }
  bool has(std::uint32_t number, std::uint8_t fill) const {
    const Bytes page = page_of(number, fill);
    const std::size_t at = (number - 1) * std::size_t{kPageSize};
    return content.size() >= at + kPageSize &&
           std::equal(page.begin(), page.end(), content.begin() + static_cast<std::ptrdiff_t>(at));
  }

  // A snapshot of three pages, two segments of its log, and one of the next.
  void put_generation() {
    Bytes image;
    for (std::uint32_t number = 1; number <= 3; ++number) append(image, page_of(number, 0x11));
    store.set(std::string(kGeneration) + "snapshots/00000000.snapshot.lz4", lz4_frame(image));
    SampleLog first(1);
    first.frame(page_of(2, 0x22), 2, 0);
    first.frame(page_of(4, 0x22), 4, 4);
    const std::uint64_t offset = first.size();
    first.frame(page_of(1, 0x33), 1, 4);
    SampleLog head(1);
    head.frame(page_of(2, 0x22), 2, 0);
    head.frame(page_of(4, 0x22), 4, 4);
    put_segment(0, 0, head.from(0));
    put_segment(0, offset, first.from(offset));
    SampleLog second(2);
    second.frame(page_of(3, 0x44), 3, 3);
    put_segment(1, 0, second.from(0));
  }
  void put_segment(std::uint32_t index, std::uint64_t offset, Bytes bytes) {
    store.set(segment_key(index, offset), std::move(bytes));
  }
  static std::string segment_key(std::uint32_t index, std::uint64_t offset) {
    return std::string(kGeneration) + "wal/" + to_hex(index, 8) + "_" + to_hex(offset, 8) +
           ".wal.lz4";
  }
  void put_ltx(unsigned level, const LtxShape& shape, const Pages& pages) {
    store.set("ltx/" + std::to_string(level) + "/" + to_hex(shape.first, 16) + "-" +
                  to_hex(shape.last, 16) + ".ltx",
              ltx_file(shape, pages));
  }
  void put_levels(bool frames) {
    put_ltx(9, {1, 1, 1000, 3, frames},
            {{1, page_of(1, 0x11)}, {2, page_of(2, 0x11)}, {3, page_of(3, 0x11)}});
    put_ltx(0, {2, 2, 2000, 4, !frames}, {{2, page_of(2, 0x22)}, {4, page_of(4, 0x22)}});
    put_ltx(0, {3, 3, 3000, 2, frames}, {{1, page_of(1, 0x33)}});
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rebuilding, Fixture)

BOOST_AUTO_TEST_CASE(a_generation_is_its_snapshot_and_its_logs) {
  put_generation();
  const auto rebuilt = restored();
  BOOST_REQUIRE_MESSAGE(rebuilt.has_value(), rebuilt.error().message);
  BOOST_TEST(rebuilt->pages == 3u);
  BOOST_TEST(rebuilt->page_size == kPageSize);
  BOOST_TEST(content.size() == 3 * kPageSize);
  BOOST_TEST((has(1, 0x33) && has(2, 0x22) && has(3, 0x44)));
}

BOOST_AUTO_TEST_CASE(a_missing_segment_is_noticed) {
  put_generation();
  SampleLog log(1);
  log.frame(page_of(2, 0x22), 2, 3);
  put_segment(0, 0, log.from(0));  // shorter than the next one's offset
  BOOST_TEST(failure().find("the log before it ends at byte") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_segment_must_end_with_a_commit) {
  put_generation();
  SampleLog log(2);
  log.frame(page_of(3, 0x44), 3, 0);
  put_segment(1, 0, log.from(0));
  BOOST_TEST(failure().find("in the middle of a commit") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(frames_of_another_log_are_refused) {
  put_generation();
  SampleLog log(5);
  log.frame(page_of(2, 0x22), 2, 0);
  log.frame(page_of(4, 0x22), 4, 4);
  const std::uint64_t offset = log.size();
  log.frame(page_of(1, 0x66), 1, 4);
  put_segment(0, offset, log.from(offset));
  BOOST_TEST(failure().find("does not continue the log's checksum") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(snapshots_that_are_none) {
  const std::string key = std::string(kGeneration) + "snapshots/00000000.snapshot.lz4";
  store.set(key, lz4_frame(Bytes(kPageSize * 2, 7)));
  BOOST_TEST(failure().find("it is no database") != std::string::npos);
  Bytes odd = page_of(1, 1);
  odd.push_back(0);
  store.set(key, lz4_frame(odd));
  BOOST_TEST(failure().find("no whole number of pages") != std::string::npos);
  const std::string age = "age-encryption.org/v1\n-> X25519 ...";
  store.set(key, Bytes(age.begin(), age.end()));
  const auto encrypted = restored();
  BOOST_TEST((encrypted.error().code == Code::kUnsupported));
  store.set(key, {});
  BOOST_TEST(failure().find("ends too early") != std::string::npos);
  Bytes two = lz4_frame(page_of(1, 1));
  append(two, two);
  store.set(key, two);
  BOOST_TEST(failure().find("something follows its end") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(levels_in_both_encodings) {
  for (const bool frames : {false, true}) {
    put_levels(frames);
    const auto rebuilt = restored();
    BOOST_REQUIRE_MESSAGE(rebuilt.has_value(), rebuilt.error().message);
    BOOST_TEST(content.size() == 2 * kPageSize);
    BOOST_TEST((has(1, 0x33) && has(2, 0x22)));
  }
}

BOOST_AUTO_TEST_CASE(levels_that_contradict_themselves) {
  const auto fails = [&](const LtxShape& shape, const Pages& pages, const std::string& words) {
    put_levels(false);
    put_ltx(0, shape, pages);
    const std::string found = failure();
    BOOST_TEST((found.find(words) != std::string::npos), found);
  };
  const LtxShape third{3, 3, 3000, 6, false};
  fails(third, {{5, page_of(5, 1)}}, "it lacks pages");
  fails(third, {{5, page_of(5, 1)}, {6, page_of(6, 1)}, {7, page_of(7, 1)}},
        "page 7 is out of place");
  fails({3, 3, UINT64_MAX, 2, false}, {{1, page_of(1, 1)}}, "header is damaged");
  put_levels(false);
  store.set("ltx/0/0000000000000003-0000000000000003.ltx",
            ltx_file({4, 4, 3000, 2, false}, {{1, page_of(1, 1)}}));
  BOOST_TEST(failure().find("other transactions than its name") != std::string::npos);
  Bytes flagged = ltx_file({3, 3, 3000, 2, false}, {{1, page_of(1, 1)}});
  flagged[7] = 0;  // with a checksum of the database
  store.set("ltx/0/0000000000000003-0000000000000003.ltx", flagged);
  BOOST_TEST((restored().error().code == Code::kUnsupported));
}

BOOST_AUTO_TEST_CASE(times_are_those_of_headers) {
  store.mtime_ns = 99'000'000'000;
  put_levels(false);
  const Inventory inventory = *take_inventory(store, storage::Call{});
  const auto early = [&](Micros until) {
    return files_until(store, inventory.files, until, storage::Call{})->size();
  };
  BOOST_TEST(early(999'999) == 0u);
  BOOST_TEST(early(1'000'000) == 1u);
  BOOST_TEST(early(2'999'999) == 2u);
  BOOST_TEST(early(3'000'000) == 3u);
  BOOST_TEST(*recorded_time(store, inventory.files.back(), storage::Call{}) == 1'000'000);
}

BOOST_AUTO_TEST_CASE(large_objects_come_in_pieces) {
  put_generation();
  const Plan what = *plan();
  for (const std::uint64_t piece : {1u, 7u, 100u}) {
    ObjectStream stream(store, what.objects(), 3, nullptr, piece);
    std::uint64_t bytes = 0;
    for (const Stored& object : what.objects()) {
      stream.open();
      Bytes whole(object.size);
      BOOST_TEST(stream.read(whole).has_value());
      BOOST_TEST((whole == store.content(object.key)));
      BOOST_TEST(stream.more()->empty());
      std::uint8_t one = 0;
      BOOST_TEST(!stream.read({&one, 1}).has_value());
      bytes += object.size;
    }
    BOOST_TEST(stream.fetched() == bytes);
  }
}

BOOST_AUTO_TEST_CASE(a_cancellation_and_a_lost_object_end_it) {
  put_generation();
  const Plan what = *plan();
  File file = *File::create(folder.file("out"));
  Cancel cancel;
  restore::RebuildOptions options;
  options.cancel = &cancel;
  store.before = [&](MemoryStore::Operation operation, const std::string&) -> Status {
    if (operation != MemoryStore::Operation::kGet) return {};
    cancel.cancel();
    return make_error(Code::kCancelled, "cancelled");
  };
  BOOST_TEST((rebuild(store, what, file, options).error().code == Code::kCancelled));
  store.before = {};
  store.erase(what.segments.back().object.key);
  BOOST_TEST((rebuild(store, what, file, {}).error().code == Code::kNotFound));
}

// An error, or the same database where the damage hits bits that LZ4 does not use.
BOOST_AUTO_TEST_CASE(random_damage_is_an_error_and_never_more) {
  std::mt19937_64 random(20261126);
  for (const bool levels : {false, true}) {
    for (const std::string& key : store.keys()) store.erase(key);
    if (levels)
      put_levels(false);
    else
      put_generation();
    BOOST_REQUIRE(restored().has_value());
    const Bytes right = content;
    for (const std::string& key : store.keys()) {
      const Bytes whole = store.content(key);
      int unnoticed = 0;
      for (int round = 0; round < 600; ++round) {
        Bytes damaged = whole;
        const std::size_t at = random() % damaged.size();
        if (round % 5 == 0)
          damaged.resize(at);
        else if (round % 5 == 1)
          damaged.insert(damaged.begin() + static_cast<std::ptrdiff_t>(at), 1 + random() % 40,
                         static_cast<std::uint8_t>(random()));
        else
          for (std::uint64_t hits = 1 + random() % 3; hits > 0; --hits)
            damaged[random() % damaged.size()] ^= static_cast<std::uint8_t>(1 + random() % 255);
        store.set(key, damaged);
        const auto rebuilt = restored();
        if (rebuilt && content == right) ++unnoticed;
        BOOST_TEST((!rebuilt || content == right), key << " round " << round);
      }
      BOOST_TEST(unnoticed < 60, key << ": " << unnoticed);
      store.set(key, whole);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
