// Parts of an object.
#include "bench.h"
#include "pattern.h"

namespace streamd::check {
namespace {

constexpr std::size_t kSize = 300'007;

std::string stored(Bench& bench) {
  const std::string key = bench.key("object.bin");
  expect(bench.put(key, pattern(5, kSize)), STREAMD_OK, "put");
  return key;
}

void expect_range(Bench& bench, const std::string& key, std::uint64_t offset, std::uint64_t length,
                  std::size_t size) {
  const Reply got = bench.get(key, offset, length);
  const std::string what =
      "get of " + std::to_string(size) + " bytes from " + std::to_string(offset);
  expect(got, STREAMD_OK, what);
  require(got.data.size() == size, what + ": got " + std::to_string(got.data.size()));
  require(got.data == pattern(5, size, offset), what + ": the bytes differ");
}

Verdict random_ranges(Bench& bench) {
  const std::string key = stored(bench);
  Random random(11);
  for (int i = 0; i < 50; ++i) {
    const std::size_t offset = random.below(kSize);
    const std::size_t size = 1 + random.below(kSize - offset);
    expect_range(bench, key, offset, size, size);
  }
  return pass();
}

Verdict to_the_end(Bench& bench) {
  const std::string key = stored(bench);
  for (const std::size_t offset : {std::size_t{0}, std::size_t{1}, kSize / 2, kSize - 1})
    expect_range(bench, key, offset, STREAMD_TO_THE_END, kSize - offset);
  return pass();
}

Verdict exact_end(Bench& bench) {
  const std::string key = stored(bench);
  expect_range(bench, key, kSize - 100, 100, 100);
  expect_range(bench, key, 0, kSize, kSize);
  return pass();
}

Verdict zero_length(Bench& bench) {
  const std::string key = stored(bench);
  for (const std::size_t offset : {std::size_t{0}, kSize / 2, kSize}) {
    const Reply got = bench.get(key, offset, 0);
    expect(got, STREAMD_OK, "get of nothing from " + std::to_string(offset));
    require(got.data.empty(), "get of nothing delivered bytes");
  }
  return pass();
}

Verdict start_at_end(Bench& bench) {
  const std::string key = stored(bench);
  const Reply got = bench.get(key, kSize, STREAMD_TO_THE_END);
  expect(got, STREAMD_OK, "get from the end on");
  require(got.data.empty(), "get from the end on delivered bytes");
  return pass();
}

Verdict past_the_end(Bench& bench) {
  const std::string key = stored(bench);
  expect(bench.get(key, 0, kSize + 1), STREAMD_CORRUPT, "get of one byte more than there is");
  expect(bench.get(key, kSize - 10, 11), STREAMD_CORRUPT, "get over the end");
  expect(bench.get(key, kSize, 1), STREAMD_CORRUPT, "get of a byte at the end");
  expect(bench.get(key, 1, STREAMD_TO_THE_END - 1), STREAMD_CORRUPT, "get of nearly 2^64 bytes");
  return pass();
}

Verdict start_past_the_end(Bench& bench) {
  const std::string key = stored(bench);
  expect(bench.get(key, kSize + 1, 1), STREAMD_CORRUPT, "get from behind the end");
  expect(bench.get(key, kSize + 1, STREAMD_TO_THE_END), STREAMD_CORRUPT,
         "get from behind the end to the end");
  return pass();
}

Verdict of_empty(Bench& bench) {
  const std::string key = bench.key("empty.bin");
  expect(bench.put(key, ""), STREAMD_OK, "put");
  expect(bench.get(key, 0, 0), STREAMD_OK, "get of nothing of an empty object");
  expect(bench.get(key, 0, STREAMD_TO_THE_END), STREAMD_OK, "get of all of an empty object");
  expect(bench.get(key, 0, 1), STREAMD_CORRUPT, "get of a byte of an empty object");
  return pass();
}

Verdict object_info(Bench& bench) {
  const Reply got = bench.get(stored(bench), 10, 10);
  expect(got, STREAMD_OK, "get");
  require(got.object.size == kSize, "get of a range reports " + std::to_string(got.object.size) +
                                        " as the size of the object");
  return pass();
}

}  // namespace

std::vector<Check> range_checks() {
  return {
      {"range.random", "50 ranges, seeded", random_ranges},
      {"range.to-the-end", "STREAMD_TO_THE_END from several offsets", to_the_end},
      {"range.exact-end", "a range that ends with the object", exact_end},
      {"range.zero-length", "no bytes are asked for, none come", zero_length},
      {"range.start-at-end", "offset = size gives nothing", start_at_end},
      {"range.past-the-end", "more than there is = corrupt, never less data", past_the_end},
      {"range.start-past-the-end", "offset > size = corrupt, never not found", start_past_the_end},
      {"range.of-empty", "ranges of an empty object", of_empty},
      {"range.object-info", "get reports the size of the whole object", object_info},
  };
}

}  // namespace streamd::check
