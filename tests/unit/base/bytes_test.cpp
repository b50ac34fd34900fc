#include "base/bytes.h"

#include <boost/test/unit_test.hpp>

#include "base/clock.h"
#include "base/int_map.h"
#include "base/json.h"

using namespace streamd;

BOOST_AUTO_TEST_SUITE(bytes)

BOOST_AUTO_TEST_CASE(varints_round_trip_and_never_run_past_the_end) {
  for (const std::uint64_t number : {0ull, 1ull, 127ull, 128ull, 300ull, 1ull << 35, ~0ull}) {
    Bytes out;
    append_varint(out, number);
    ByteReader in(out);
    BOOST_TEST(in.varint() == number);
    BOOST_TEST((in.ok() && in.at_end()));
    ByteReader cut(ByteView(out).first(out.size() - 1));
    cut.varint();
    BOOST_TEST(!cut.ok());
  }
  const Bytes endless(11, 0xff);
  ByteReader in(endless);
  in.varint();
  BOOST_TEST(!in.ok());
}

BOOST_AUTO_TEST_CASE(zigzag_keeps_sign) {
  for (const std::int64_t number : {0l, -1l, 1l, -12345l, INT64_MAX, INT64_MIN})
    BOOST_TEST(unzigzag(zigzag(number)) == number);
  BOOST_TEST(zigzag(-1) == 1u);
}

BOOST_AUTO_TEST_CASE(a_reader_that_failed_stays_failed) {
  const Bytes three = {1, 2, 3};
  ByteReader in(three);
  BOOST_TEST(in.le<std::uint32_t>() == 0u);
  BOOST_TEST(!in.ok());
  BOOST_TEST(in.take(1).empty());
}

BOOST_AUTO_TEST_CASE(hex) {
  std::uint64_t number = 0;
  BOOST_TEST(to_hex(0xabcd, 8) == "0000abcd");
  BOOST_TEST(from_hex("0000abcd", 8, number));
  BOOST_TEST(number == 0xabcdu);
  BOOST_TEST(!from_hex("0000ABCD", 8, number));
  BOOST_TEST(!from_hex("abcd", 8, number));
  BOOST_TEST(!from_hex("0000abcx", 8, number));
  std::uint8_t raw[2];
  BOOST_TEST(from_hex("0aFF", raw));
  BOOST_TEST(to_hex(raw) == "0aff");
  BOOST_TEST(!from_hex("0a", raw));
  for (const char* text : {"0ag0", "0aG0", "0a/0", "0a:0", "0a@0", "0a`0"})
    BOOST_TEST(!from_hex(text, raw), text);
}

BOOST_AUTO_TEST_CASE(times_have_one_spelling) {
  const Micros time = 1'795'375'549'123'456;
  BOOST_TEST(format_time(time) == "2026-11-22T19:25:49.123Z");
  BOOST_TEST(format_time(time, 6) == "2026-11-22T19:25:49.123456Z");
  BOOST_TEST(format_time(time, 0) == "2026-11-22T19:25:49Z");
  BOOST_TEST(format_time_compact(time) == "20261122T192549123Z");
  BOOST_TEST(format_time(-1, 6) == "1969-12-31T23:59:59.999999Z");
  Micros parsed = 0;
  BOOST_TEST(parse_time_compact("20261122T192549123Z", parsed));
  BOOST_TEST(parsed == time - 456);
  for (const char* bad : {"20261122T192549123", "20260231T000000000Z", "2026112xT192549123Z",
                          "20261122T252549123Z", ""})
    BOOST_TEST(!parse_time_compact(bad, parsed), bad);
}

BOOST_AUTO_TEST_CASE(json_round_trips_in_order) {
  Json json;
  json.set("b", 1)
      .set("a", "x\"y\n")
      .set("list", Json::array())
      .set("deep", Json::object({{"t", true}, {"f", 0.5}}));
  const std::string text = json.print();
  BOOST_TEST(text == R"({"b":1,"a":"x\"y\n","list":[],"deep":{"t":true,"f":0.5}})");
  const auto parsed = Json::parse(text);
  BOOST_REQUIRE(parsed.has_value());
  BOOST_TEST(parsed->print() == text);
  BOOST_TEST(parsed->integer("b") == 1);
  BOOST_TEST(parsed->string("a") == "x\"y\n");
  BOOST_TEST(parsed->string("b", "no text") == "no text");
  BOOST_TEST(!Json::parse("{nope").has_value());
}

BOOST_AUTO_TEST_CASE(json_escapes_what_it_must) {
  BOOST_TEST(json_quote("\"\\\n\r\t\x01gr\xc3\xbcn") == R"("\"\\\n\r\t\u0001gr)"
                                                        "\xc3\xbcn\"");
}

BOOST_AUTO_TEST_CASE(json_answers_with_the_fallback_where_nothing_fits) {
  const auto json =
      Json::parse(R"({"no":false,"nil":null,"half":0.5,"list":[1,{"x":-2}],"text":"t"})");
  BOOST_REQUIRE(json.has_value());
  BOOST_TEST(!json->boolean("no", true));
  BOOST_TEST(json->boolean("text", true));
  BOOST_TEST(json->integer("half", 7) == 7);
  BOOST_TEST(json->integer("absent", 8) == 8);
  BOOST_TEST(json->at("nil").is_null());
  BOOST_TEST(json->at("list").items().at(1).integer("x") == -2);
  BOOST_TEST(json->at("text").items().empty());
  BOOST_TEST(json->at("text").at("deeper").is_null());
}

BOOST_AUTO_TEST_CASE(json_in_lines) {
  Json json, list;
  list.push(1);
  list.push({});
  json.set("list", std::move(list)).set("none", Json::array()).set("empty", Json::object());
  json.set("none", false);  // again
  BOOST_TEST(json.print(2) ==
             "{\n  \"list\": [\n    1,\n    null\n  ],\n  \"none\": false,\n  \"empty\": {}\n}");
}

BOOST_AUTO_TEST_CASE(a_map_of_numbers) {
  IntMap<std::string> map;
  BOOST_TEST(map.find(5) == nullptr);
  BOOST_TEST(map.empty());
  for (std::uint32_t key = 1; key <= 1000; ++key) map.put(key, std::to_string(key));
  map.put(7, "seven");
  BOOST_TEST(map.size() == 1000u);
  BOOST_TEST(*map.find(1000) == "1000");
  BOOST_TEST(*map.find(7) == "seven");
  BOOST_TEST(map.find(1001) == nullptr);
  std::size_t seen = 0;
  map.for_each([&](std::uint32_t key, const std::string& value) {
    seen += key == 7 || value == std::to_string(key) ? 1 : 0;
  });
  BOOST_TEST(seen == 1000u);
  IntMap<int> crowded;  // all want the same place
  for (int i = 1; i <= 100; ++i) crowded.put(static_cast<std::uint32_t>(i) << 20, i);
  for (int i = 1; i <= 100; ++i)
    BOOST_TEST(*crowded.find(static_cast<std::uint32_t>(i) << 20) == i);
  BOOST_TEST(crowded.find(101u << 20) == nullptr);
  map.clear();
  BOOST_TEST(map.empty());
  BOOST_TEST(map.find(7) == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
