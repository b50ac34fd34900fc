// Whole or nothing, whatever happens.
#include <atomic>
#include <thread>

#include "bench.h"
#include "pattern.h"

namespace streamd::check {
namespace {

constexpr streamd_code kOwnCode = 4712;
constexpr std::uint64_t kSize = 700'001;

// A source that fails once an offset at or behind `at` is asked for.
ReadAt failing_source(std::uint64_t at, streamd_code code) {
  return [=](std::uint64_t offset, char* to, std::size_t cap) -> std::int64_t {
    if (offset >= at) return -std::int64_t{code};
    return pattern_source(3, kSize)(offset, to, std::min<std::size_t>(cap, at - offset));
  };
}

Verdict source_fails(Bench& bench) {
  const std::vector<std::uint64_t> places = {0, 1, 65'536, kSize / 2, kSize - 1};
  for (const std::uint64_t at : places) {
    const std::string key = bench.key(std::to_string(at) + ".bin");
    const Reply put = bench.put_from(key, kSize, failing_source(at, kOwnCode));
    const std::string what = "put whose source fails at byte " + std::to_string(at);
    require(put.code == kOwnCode,
            what + ": the source's code came back as " + std::to_string(put.code));
    expect_nothing(bench, key);
  }
  return pass();
}

Verdict source_fails_over_object(Bench& bench) {
  const std::string key = bench.key("old.bin");
  const std::string old = pattern(1, 1000);
  expect(bench.put(key, old), STREAMD_OK, "put");
  require(bench.put_from(key, kSize, failing_source(kSize / 2, kOwnCode)).code == kOwnCode,
          "the source's code did not come back unchanged");
  expect_object(bench, key, old);
  const Reply listed = bench.list(key);
  expect(listed, STREAMD_OK, "list");
  require(listed.items.size() == 1, "a failed put left something in the listing");
  return pass();
}

Verdict wrong_sha256(Bench& bench) {
  const std::string key = bench.key("hash.bin");
  const std::uint8_t zeros[32] = {};
  const std::string bytes = pattern(9, 1000);
  const Reply put = bench.put_from(key, bytes.size(), source_of(bytes), 0, {}, zeros);
  if (put.code == STREAMD_OK) {
    expect_object(bench, key, bytes);
    return skip("the driver does not use sha256");
  }
  expect(put, STREAMD_CORRUPT, "put with a wrong sha256");
  expect_nothing(bench, key);
  return pass();
}

// All bytes equal the first, so that a mixture of two objects shows.
bool is_whole(const std::string& data, std::size_t size) {
  return data.size() == size && data.find_first_not_of(data[0]) == std::string::npos;
}

Verdict concurrent_puts(Bench& bench) {
  const std::string key = bench.key("contended.bin");
  constexpr std::size_t kBytes = 200'000;
  const unsigned count = bench.threads(8);
  std::vector<std::thread> threads;
  std::vector<Reply> replies(count);
  for (unsigned i = 0; i < count; ++i)
    threads.emplace_back([&, i] {
      const std::string bytes(kBytes, static_cast<char>('A' + i));
      for (int round = 0; round < 4 && replies[i].code == STREAMD_OK; ++round)
        replies[i] = bench.put(key, bytes);
    });
  for (std::thread& thread : threads) thread.join();
  for (const Reply& reply : replies) expect(reply, STREAMD_OK, "put beside others to one key");
  const Reply got = bench.get(key);
  expect(got, STREAMD_OK, "get");
  require(is_whole(got.data, kBytes), "the object is a mixture of two puts");
  return pass();
}

Verdict reader_beside_writer(Bench& bench) {
  if (bench.threads(2) < 2) return skip("one call at a time");
  const std::string key = bench.key("changing.bin");
  constexpr std::size_t kBytes = 300'000;
  expect(bench.put(key, std::string(kBytes, 'a')), STREAMD_OK, "put");
  std::atomic<bool> stop = false;
  Reply failed;
  std::thread writer([&] {
    for (int i = 0; i < 20 && !stop && failed.code == STREAMD_OK; ++i)
      failed = bench.put(key, std::string(kBytes, static_cast<char>('a' + i)));
    stop = true;
  });
  Reply bad;
  bool torn = false;
  while (!stop) {
    const Reply got = bench.get(key);
    if (got.code != STREAMD_OK) bad = got;
    torn = torn || (got.code == STREAMD_OK && !is_whole(got.data, kBytes));
    if (torn || bad.code != STREAMD_OK) stop = true;
  }
  writer.join();
  expect(failed, STREAMD_OK, "put while it is read");
  expect(bad, STREAMD_OK, "get while it is replaced");
  require(!torn, "a reader saw a part of an object or a mixture of two");
  return pass();
}

// Others look while a put is half done.
Verdict unfinished_put(Bench& bench) {
  if (bench.threads(2) < 2) return skip("one call at a time");
  const std::string key = bench.key("unfinished.bin");
  std::string seen;
  const ReadAt source = [&](std::uint64_t offset, char* to, std::size_t cap) -> std::int64_t {
    if (offset > kSize / 2 && seen.empty()) {
      const Reply stat = bench.stat(key);
      const Reply listed = bench.list(key);
      seen = stat.code == STREAMD_NOT_FOUND && listed.items.empty() ? "nothing" : "something";
    }
    return pattern_source(3, kSize)(offset, to, std::min<std::size_t>(cap, 100'000));
  };
  expect(bench.put_from(key, kSize, source), STREAMD_OK, "put");
  require(seen == "nothing", "an object is visible before its put is done");
  return pass();
}

Verdict if_absent(Bench& bench) {
  const std::string key = bench.key("first.bin");
  const Reply first = bench.put(key, "first", STREAMD_PUT_IF_ABSENT);
  if (!bench.can(STREAMD_CAP_IF_ABSENT)) {
    expect(first, STREAMD_UNSUPPORTED, "put with IF_ABSENT without the capability");
    expect_nothing(bench, key);
    return pass();
  }
  expect(first, STREAMD_OK, "put with IF_ABSENT of a new key");
  expect(bench.put(key, "second", STREAMD_PUT_IF_ABSENT), STREAMD_EXISTS,
         "put with IF_ABSENT of a key that exists");
  expect_object(bench, key, "first");
  expect(bench.remove({key}), STREAMD_OK, "remove");
  expect(bench.put(key, "third", STREAMD_PUT_IF_ABSENT), STREAMD_OK,
         "put with IF_ABSENT of a removed key");
  expect_object(bench, key, "third");
  return pass();
}

Verdict if_absent_race(Bench& bench) {
  if (!bench.can(STREAMD_CAP_IF_ABSENT)) return skip("no if-absent");
  const unsigned count = bench.threads(16);
  for (int round = 0; round < 4; ++round) {
    const std::string key = bench.key("race/" + std::to_string(round) + ".bin");
    std::vector<std::thread> threads;
    std::vector<Reply> replies(count);
    std::atomic<unsigned> ready = 0;
    for (unsigned i = 0; i < count; ++i)
      threads.emplace_back([&, i] {
        ++ready;
        while (ready < count) std::this_thread::yield();
        replies[i] =
            bench.put(key, std::string(1000, static_cast<char>('A' + i)), STREAMD_PUT_IF_ABSENT);
      });
    for (std::thread& thread : threads) thread.join();
    int winner = -1;
    for (unsigned i = 0; i < count; ++i) {
      if (replies[i].code == STREAMD_EXISTS || replies[i].code == STREAMD_TRANSIENT) continue;
      expect(replies[i], STREAMD_OK, "put with IF_ABSENT beside others");
      require(winner < 0, "two puts with IF_ABSENT to one key returned ok");
      winner = static_cast<int>(i);
    }
    require(winner >= 0, "none of the puts with IF_ABSENT returned ok");
    expect_object(bench, key, std::string(1000, static_cast<char>('A' + winner)));
  }
  return pass();
}

Verdict unknown_flag(Bench& bench) {
  const std::string key = bench.key("flag.bin");
  expect(bench.put(key, "x", 1u << 30), STREAMD_UNSUPPORTED, "put with a flag of the future");
  expect_nothing(bench, key);
  return pass();
}

}  // namespace

std::vector<Check> atomic_checks() {
  return {
      {"atomic.source-fails", "nothing is visible; the source's code comes back", source_fails},
      {"atomic.source-fails-over-object", "the old object stays whole", source_fails_over_object},
      {"atomic.wrong-sha256", "refused as corrupt, or not looked at", wrong_sha256},
      {"atomic.concurrent-puts", "puts to one key: one whole winner", concurrent_puts},
      {"atomic.reader-beside-writer", "a reader sees the old or the new object",
       reader_beside_writer},
      {"atomic.unfinished-put", "an object is not visible before put returns", unfinished_put},
      {"atomic.if-absent", "exists, and unsupported without the capability", if_absent},
      {"atomic.if-absent-race", "16 threads put one key: exactly one ok", if_absent_race},
      {"atomic.unknown-flag", "a flag of the future is refused before any effect", unknown_flag},
  };
}

}  // namespace streamd::check
