// One object at a time: sizes, keys, replacement, removal.
#include <chrono>
#include <set>

#include "bench.h"
#include "pattern.h"

namespace streamd::check {
namespace {

void round_trip(Bench& bench, const std::string& key, const std::string& bytes) {
  const Reply put = bench.put(key, bytes);
  expect(put, STREAMD_OK, "put of " + std::to_string(bytes.size()) + " bytes");
  require(put.object.size == bytes.size(), "put reports another size");
  const Reply stat = bench.stat(key);
  expect(stat, STREAMD_OK, "stat");
  require(stat.object.size == bytes.size(), "stat reports another size");
  expect_object(bench, key, bytes);
}

// A store may know keys that it cannot hold, and says so before any effect.
bool refuses(Bench& bench, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const Reply put = bench.put(bench.key(name), name);
    if (put.code == STREAMD_UNSUPPORTED) return true;
    expect(put, STREAMD_OK, "put of the key '" + name + "'");
  }
  return false;
}
constexpr const char* kRefused = "the store refuses such keys";

Verdict empty_object(Bench& bench) {
  round_trip(bench, bench.key("empty.bin"), "");
  return pass();
}

Verdict one_byte(Bench& bench) {
  round_trip(bench, bench.key("one.bin"), std::string(1, '\0'));
  return pass();
}

Verdict part_size(Bench& bench) {
  const std::uint64_t part = bench.caps().part_size;
  if (part == 0) return skip("no parts");
  for (const std::uint64_t size : {part - 1, part, part + 1}) {
    const std::string key = bench.key(std::to_string(size));
    expect(bench.put_from(key, size, pattern_source(1, size)), STREAMD_OK, "put around part_size");
    std::uint64_t at = 0;
    bool same = true;
    const Write sink = [&](const char* data, std::size_t n) {
      same = same && std::string(data, n) == pattern(1, n, at);
      at += n;
      return STREAMD_OK;
    };
    expect(bench.get_into(key, 0, STREAMD_TO_THE_END, sink), STREAMD_OK, "get around part_size");
    require(at == size && same, "bytes differ at size " + std::to_string(size));
  }
  return pass();
}

Verdict large_object(Bench& bench) {
  std::uint64_t size = bench.target().large_bytes | 1;
  const std::uint64_t limit = bench.caps().max_object_size;
  if (limit != 0 && size > limit) size = limit;
  const std::string key = bench.key("large.bin");
  const Reply put = bench.put_from(key, size, pattern_source(7, size));
  expect(put, STREAMD_OK, "put of " + std::to_string(size) + " bytes");
  std::uint64_t at = 0;
  bool same = true;
  const Write sink = [&](const char* data, std::size_t n) {
    same = same && std::string(data, n) == pattern(7, n, at);
    at += n;
    return STREAMD_OK;
  };
  expect(bench.get_into(key, 0, STREAMD_TO_THE_END, sink), STREAMD_OK, "get");
  require(at == size, "got " + std::to_string(at) + " of " + std::to_string(size) + " bytes");
  require(same, "the bytes differ from what was put");
  return pass();
}

Verdict overwrite(Bench& bench) {
  const std::string key = bench.key("again.bin");
  round_trip(bench, key, pattern(1, 100'000));
  round_trip(bench, key, pattern(2, 10));
  round_trip(bench, key, pattern(3, 5000));
  return pass();
}

Verdict key_alphabet(Bench& bench) {
  const std::vector<std::string> names = {"with space",
                                          " leading",
                                          "trailing ",
                                          "plus+",
                                          "per%cent",
                                          "%41",
                                          "ques?tion",
                                          "ha#sh",
                                          "am&p",
                                          "quo\"te'",
                                          "back\\sl",
                                          "co:lon",
                                          "semi;colon",
                                          "st*r",
                                          "<angle>",
                                          "pi|pe",
                                          "br[ack]et",
                                          "br{ac}e",
                                          "eq=ual",
                                          "at@sign",
                                          "com,ma",
                                          "tilde~",
                                          "caret^",
                                          "dol$lar",
                                          "ex!cl",
                                          "back`t",
                                          "t\tab",
                                          "\xc3\xa4\xc3\xb6",
                                          "\xe6\x97\xa5\xe6\x9c\xac",
                                          "\xf0\x9f\x98\x80",
                                          "-rf",
                                          "CON",
                                          "nul.txt",
                                          "a.",
                                          "UPPER",
                                          "upper"};
  // Some stores have no names with these; then they are refused, and without effect.
  const std::set<std::string> rare = {"back\\sl", "t\tab"};
  std::vector<std::string> held;
  for (const std::string& name : names) {
    const Reply put = bench.put(bench.key(name), name);
    if (rare.count(name) == 1 && put.code == STREAMD_UNSUPPORTED) {
      expect(bench.stat(bench.key(name)), STREAMD_NOT_FOUND, "stat of a refused key");
      continue;
    }
    expect(put, STREAMD_OK, "put of the key '" + name + "'");
    held.push_back(name);
  }
  for (const std::string& name : held) expect_object(bench, bench.key(name), name);
  const Reply listed = bench.list(bench.key(""));
  expect(listed, STREAMD_OK, "list");
  std::set<std::string> found;
  for (const auto& item : listed.items) found.insert(item.first);
  for (const std::string& name : held)
    require(found.count(bench.key(name)) == 1, "list does not show the key '" + name + "'");
  require(found.size() == held.size(), "list shows keys that were never put");
  return pass();
}

Verdict key_dots(Bench& bench) {
  const std::vector<std::string> names = {".hidden",   "..",  ".",    "../up.bin", "a/../b.bin",
                                          "a/./b.bin", "...", "x/..", "x/.y"};
  if (refuses(bench, names)) return skip(kRefused);
  for (const std::string& name : names) expect_object(bench, bench.key(name), name);
  expect(bench.stat(bench.key("b.bin")), STREAMD_NOT_FOUND,
         "stat of what 'a/../b.bin' must not mean");
  return pass();
}

Verdict key_slashes(Bench& bench) {
  const std::vector<std::string> names = {"a//b", "a/b", "a/b/", "a///b", "/a/b", "/"};
  if (refuses(bench, names)) return skip(kRefused);
  for (const std::string& name : names) expect_object(bench, bench.key(name), name);
  return pass();
}

Verdict key_and_folder(Bench& bench) {
  const std::vector<std::string> names = {"a", "a/b", "a/b/c", "a.x", "a.x/b.y", "a.x/b.y/c"};
  if (refuses(bench, names)) return skip(kRefused);
  for (const std::string& name : names) round_trip(bench, bench.key(name), name);
  expect(bench.remove({bench.key("a"), bench.key("a.x/b.y")}), STREAMD_OK, "remove");
  expect_nothing(bench, bench.key("a"));
  for (const char* name : {"a/b", "a/b/c", "a.x", "a.x/b.y/c"})
    expect_object(bench, bench.key(name), name);
  return pass();
}

Verdict key_900_bytes(Bench& bench) {
  const std::string base = bench.key("");
  require(base.size() < 200, "the prefix is too long for this check");
  const std::string flat(STREAMD_KEY_MAX - base.size(), 'k');
  std::string deep;
  while (deep.size() < STREAMD_KEY_MAX - base.size()) deep += "d/";
  deep.resize(STREAMD_KEY_MAX - base.size());
  deep.back() = 'd';
  const std::string nearly = flat.substr(1);
  for (const std::string& name : {flat, deep, nearly})
    round_trip(bench, base + name, name.substr(0, 9));
  const Reply listed = bench.list(base);
  expect(listed, STREAMD_OK, "list");
  require(listed.items.size() == 3, "list does not show the three long keys once each");
  return pass();
}

Verdict get_missing(Bench& bench) {
  expect(bench.get(bench.key("never.bin")), STREAMD_NOT_FOUND, "get of a key never put");
  expect(bench.get(bench.key("never/put/at/all")), STREAMD_NOT_FOUND,
         "get of a deep key never put");
  expect(bench.get(bench.key("never.bin"), 10, 10), STREAMD_NOT_FOUND,
         "ranged get of a key never put");
  return pass();
}

Verdict stat_missing(Bench& bench) {
  expect(bench.put(bench.key("there/is.bin"), "x"), STREAMD_OK, "put");
  expect(bench.stat(bench.key("never.bin")), STREAMD_NOT_FOUND, "stat of a key never put");
  expect(bench.stat(bench.key("there")), STREAMD_NOT_FOUND, "stat of a folder");
  expect(bench.stat(bench.key("there/")), STREAMD_NOT_FOUND, "stat of a folder with its '/'");
  expect(bench.stat(bench.key("there/is")), STREAMD_NOT_FOUND, "stat of the beginning of a key");
  return pass();
}

Verdict remove_twice(Bench& bench) {
  const std::string key = bench.key("gone.bin");
  expect(bench.put(key, "x"), STREAMD_OK, "put");
  expect(bench.remove({key}), STREAMD_OK, "first remove");
  expect_nothing(bench, key);
  expect(bench.remove({key}), STREAMD_OK, "second remove");
  round_trip(bench, key, "put anew");
  return pass();
}

Verdict remove_batch(Bench& bench) {
  const std::uint32_t limit = bench.caps().max_remove_batch;
  const std::size_t count = limit == 0 ? 40 : std::min<std::size_t>(limit, 40);
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < count; ++i) {
    keys.push_back(bench.key("batch-" + std::to_string(i) + ".bin"));
    if (i != count / 2) expect(bench.put(keys.back(), "x"), STREAMD_OK, "put");
  }
  const Reply removed = bench.remove(keys);
  expect(removed, STREAMD_OK, "remove of a batch with a missing key in it");
  for (const streamd_code code : removed.each) require(code == STREAMD_OK, "each is not all ok");
  for (const std::string& key : keys)
    expect(bench.stat(key), STREAMD_NOT_FOUND, "stat of a removed key");
  return pass();
}

Verdict remove_over_batch(Bench& bench) {
  const std::uint32_t limit = bench.caps().max_remove_batch;
  if (limit == 0) return skip("no limit");
  if (limit > 5000) return skip("the limit is high");
  const std::string kept = bench.key("kept.bin");
  expect(bench.put(kept, "x"), STREAMD_OK, "put");
  expect(bench.remove(std::vector<std::string>(limit + 1, kept)), STREAMD_UNSUPPORTED,
         "remove of more keys than max_remove_batch");
  expect_object(bench, kept, "x");
  return pass();
}

Verdict mtime(Bench& bench) {
  const std::string key = bench.key("time.bin");
  expect(bench.put(key, "x"), STREAMD_OK, "put");
  const Reply stat = bench.stat(key);
  expect(stat, STREAMD_OK, "stat");
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const double age =
      std::chrono::duration<double>(now).count() - static_cast<double>(stat.object.mtime_ns) / 1e9;
  require(age > -180 && age < 180, "mtime is " + std::to_string(age) + " s away from now");
  return pass();
}

}  // namespace

std::vector<Check> basic_checks() {
  return {
      {"basic.empty-object", "an object of no bytes is an object", empty_object},
      {"basic.one-byte", "one byte, and it is NUL", one_byte},
      {"basic.part-size", "sizes around caps.part_size", part_size},
      {"basic.large-object", "a large object, from a source that gives odd sizes", large_object},
      {"basic.overwrite", "put replaces, also a longer object", overwrite},
      {"basic.key-alphabet", "spaces, signs, upper and lower case, UTF-8 in keys", key_alphabet},
      {"basic.key-dots", "'.' and '..' in keys mean nothing", key_dots},
      {"basic.key-slashes", "each '/' counts", key_slashes},
      {"basic.key-and-folder", "'a' and 'a/b' are two objects", key_and_folder},
      {"basic.key-900-bytes", "keys of 900 bytes, flat and deep", key_900_bytes},
      {"basic.get-missing", "get of a missing key is not found", get_missing},
      {"basic.stat-missing", "stat of a missing key or a folder is not found", stat_missing},
      {"basic.remove-twice", "removing a missing key is ok", remove_twice},
      {"basic.remove-batch", "a batch with a missing key; each is filled", remove_batch},
      {"basic.remove-over-batch", "more than max_remove_batch is refused whole", remove_over_batch},
      {"basic.mtime", "mtime is within 3 minutes of now", mtime},
  };
}

}  // namespace streamd::check
