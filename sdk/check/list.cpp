// Listings.
#include <algorithm>
#include <set>

#include "bench.h"
#include "pattern.h"

namespace streamd::check {
namespace {

std::vector<std::string> keys_of(const Reply& reply) {
  std::vector<std::string> keys;
  for (const auto& item : reply.items) keys.push_back(item.first);
  return keys;
}

// The list of exactly these, in any order or, where it is promised, in order.
void expect_list(Bench& bench, const std::string& prefix, const std::string& start_after,
                 std::vector<std::string> expected) {
  const Reply listed = bench.list(prefix, start_after);
  expect(listed, STREAMD_OK, "list of '" + prefix + "'");
  std::vector<std::string> got = keys_of(listed);
  if (bench.can(STREAMD_CAP_ORDERED_LIST))
    require(std::is_sorted(got.begin(), got.end()),
            "list of '" + prefix + "' is not in byte order");
  std::sort(got.begin(), got.end());
  require(std::adjacent_find(got.begin(), got.end()) == got.end(),
          "list of '" + prefix + "' shows a key twice");
  std::sort(expected.begin(), expected.end());
  require(got == expected, "list of '" + prefix + "' after '" + start_after + "' shows " +
                               std::to_string(got.size()) + " keys instead of the " +
                               std::to_string(expected.size()) + " expected");
}

std::vector<std::string> put_all(Bench& bench, const std::vector<std::string>& names) {
  std::vector<std::string> keys;
  for (const std::string& name : names) {
    keys.push_back(bench.key(name));
    expect(bench.put(keys.back(), name), STREAMD_OK, "put of " + keys.back());
  }
  return keys;
}

Verdict nothing(Bench& bench) {
  expect_list(bench, bench.key("nothing/here/"), "", {});
  expect_list(bench, bench.key("nothing"), "", {});
  return pass();
}

// Byte order differs from folder order, from locale order and from the order of escaped names.
Verdict order(Bench& bench) {
  const std::vector<std::string> names = {"a",
                                          "a!",
                                          "a-b",
                                          "a.b",
                                          "a/b",
                                          "a/b/c",
                                          "a/b.c",
                                          "a0",
                                          "aB",
                                          "a_b",
                                          "ab",
                                          "a b",
                                          "A",
                                          "b/",
                                          "b/a",
                                          "b",
                                          "b+",
                                          "b%",
                                          "b.",
                                          "~",
                                          "\xc3\xa4",
                                          "z",
                                          std::string(250, 'x'),
                                          std::string(250, 'x') + "/y",
                                          std::string(200, 'x'),
                                          std::string(200, 'x') + "/y",
                                          std::string(200, 'x') + "!"};
  const std::vector<std::string> keys = put_all(bench, names);
  expect_list(bench, bench.key(""), "", keys);
  return pass();
}

Verdict prefix_is_key(Bench& bench) {
  const auto keys = put_all(bench, {"p", "p/q", "pq", "o", "q"});
  expect_list(bench, bench.key("p"), "", {keys[0], keys[1], keys[2]});
  expect_list(bench, bench.key("p/"), "", {keys[1]});
  expect_list(bench, bench.key("pq"), "", {keys[2]});
  return pass();
}

Verdict prefix_within_name(Bench& bench) {
  const auto keys = put_all(bench, {"seg/0001-a.all", "seg/0001-b.all", "seg/0002-a.all", "se.x"});
  expect_list(bench, bench.key("seg/0001"), "", {keys[0], keys[1]});
  expect_list(bench, bench.key("se"), "", keys);
  expect_list(bench, bench.key("seg/0001-a.all.more"), "", {});
  return pass();
}

Verdict sizes(Bench& bench) {
  for (const std::size_t size : {0u, 1u, 1000u, 70'000u})
    expect(bench.put(bench.key(std::to_string(size)), pattern(size, size)), STREAMD_OK, "put");
  const Reply listed = bench.list(bench.key(""));
  expect(listed, STREAMD_OK, "list");
  require(listed.items.size() == 4, "list does not show the four objects");
  for (const auto& [key, object] : listed.items) {
    const Reply stat = bench.stat(key);
    expect(stat, STREAMD_OK, "stat");
    require(object.size == stat.object.size, "list and stat differ in the size of " + key);
    const std::int64_t apart = object.mtime_ns - stat.object.mtime_ns;
    require(apart > -1'000'000'000 && apart < 1'000'000'000,
            "list and stat differ in the mtime of " + key);
  }
  return pass();
}

Verdict start_after(Bench& bench) {
  if (!bench.can(STREAMD_CAP_ORDERED_LIST)) return skip("no ordered list");
  auto keys = put_all(bench, {"a", "b/a", "b/b", "b/c", "c.x", "d"});
  for (std::size_t i = 0; i < keys.size(); ++i)
    expect_list(bench, bench.key(""), keys[i],
                {keys.begin() + static_cast<std::ptrdiff_t>(i) + 1, keys.end()});
  expect_list(bench, bench.key(""), bench.key("b/bb"), {keys[3], keys[4], keys[5]});
  expect_list(bench, bench.key(""), bench.key("b"), {keys.begin() + 1, keys.end()});
  expect_list(bench, bench.key("b/"), keys[1], {keys[2], keys[3]});
  expect_list(bench, bench.key("b/"), bench.key("a"), {keys[1], keys[2], keys[3]});
  expect_list(bench, bench.key("b/"), bench.key("zz"), {});
  return pass();
}

Verdict start_after_refused(Bench& bench) {
  if (bench.can(STREAMD_CAP_ORDERED_LIST)) return skip("the list is ordered");
  expect(bench.list(bench.key(""), bench.key("a")), STREAMD_UNSUPPORTED,
         "start_after without the capability");
  return pass();
}

Verdict many(Bench& bench) {
  std::set<std::string> expected;
  const std::uint32_t count = bench.target().list_objects;
  const unsigned workers = bench.threads(8);
  std::vector<std::thread> threads;
  std::vector<Reply> failed(workers);
  for (std::uint32_t i = 0; i < count; ++i)
    expected.insert(bench.key("m" + std::to_string(i) + ".bin"));
  const std::vector<std::string> keys(expected.begin(), expected.end());
  for (unsigned w = 0; w < workers; ++w)
    threads.emplace_back([&, w] {
      for (std::size_t i = w; i < keys.size() && failed[w].code == STREAMD_OK; i += workers)
        failed[w] = bench.put(keys[i], "x");
    });
  for (std::thread& thread : threads) thread.join();
  for (const Reply& reply : failed) expect(reply, STREAMD_OK, "put of many objects");
  expect_list(bench, bench.key(""), "", keys);
  if (bench.can(STREAMD_CAP_ORDERED_LIST) && count > 10)
    expect_list(bench, bench.key(""), keys[count - 10], {keys.end() - 9, keys.end()});
  return pass();
}

Verdict sink_stops(Bench& bench) {
  put_all(bench, {"a", "b/b", "c", "d/d", "e"});
  constexpr streamd_code kOwnCode = 4711;
  for (const int stop_at : {1, 3, 5}) {
    int seen = 0;
    const Item sink = [&](const char*, const streamd_object&) {
      return ++seen == stop_at ? kOwnCode : STREAMD_OK;
    };
    const Reply listed = bench.list_into(bench.key(""), "", sink);
    const std::string what = "list whose sink stops at item " + std::to_string(stop_at);
    require(listed.code == kOwnCode,
            what + ": its code came back as " + std::to_string(listed.code));
    require(seen == stop_at, what + ": the sink was called again");
  }
  return pass();
}

Verdict sees_puts(Bench& bench) {
  if (!bench.can(STREAMD_CAP_STRONG_LIST)) return skip("no strong list");
  std::vector<std::string> keys;
  for (int i = 0; i < 20; ++i) {
    keys.push_back(bench.key(std::to_string(i) + ".bin"));
    expect(bench.put(keys.back(), "x"), STREAMD_OK, "put");
    expect_list(bench, bench.key(""), "", keys);
  }
  return pass();
}

Verdict after_remove(Bench& bench) {
  if (!bench.can(STREAMD_CAP_STRONG_LIST)) return skip("no strong list");
  auto keys = put_all(bench, {"a", "b/c", "b/d", "e"});
  expect(bench.remove({keys[1], keys[3]}), STREAMD_OK, "remove");
  expect_list(bench, bench.key(""), "", {keys[0], keys[2]});
  return pass();
}

}  // namespace

std::vector<Check> list_checks() {
  return {
      {"list.nothing", "nothing with the prefix is ok", nothing},
      {"list.order", "each key once, in byte order where that is promised", order},
      {"list.prefix-is-key", "a prefix that is also a key", prefix_is_key},
      {"list.prefix-within-name", "a prefix is of bytes, not of folders", prefix_within_name},
      {"list.sizes", "list and stat agree", sizes},
      {"list.start-after", "exclusive, absent, before, behind", start_after},
      {"list.start-after-refused", "unsupported without the capability", start_after_refused},
      {"list.many", "many keys over pages, each once", many},
      {"list.sink-stops", "the sink's code ends it and comes back unchanged", sink_stops},
      {"list.sees-puts", "with STRONG_LIST every put that returned is shown", sees_puts},
      {"list.after-remove", "with STRONG_LIST a removed key is gone", after_remove},
  };
}

}  // namespace streamd::check
