#include "catalog/writer.h"

#include <boost/test/unit_test.hpp>

using namespace streamd;
using namespace streamd::catalog;

namespace {

Writer sample() {
  Writer writer;
  writer.claim = Uuid::make();
  writer.instance = Uuid::make();
  writer.host = "box";
  writer.path = "/data/with \"quotes\".db";
  writer.boot = "5b0e";
  writer.lock = "2049:131";
  writer.generation = GenerationId(0x0000000300000007);
  writer.since = 1'795'375'549'123'000;
  return writer;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  BOOST_REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(writer)

BOOST_AUTO_TEST_CASE(it_comes_back) {
  const Writer made = sample();
  const auto read = parse_writer(encode_writer(made), "writers/00000001.json");
  BOOST_REQUIRE(read.has_value());
  BOOST_TEST((*read == made));
}

BOOST_AUTO_TEST_CASE(a_later_format_is_refused_and_damage_is_corrupt) {
  const std::string text = encode_writer(sample()), name = "writers/00000001.json";
  BOOST_TEST(parse_writer(replaced(text, "{", "{ \"more\": [1],"), name).has_value());
  const auto newer = parse_writer(replaced(text, "\"format\": 1", "\"format\": 2"), name);
  BOOST_TEST((newer.error().code == Code::kUnsupported));
  for (const std::string& damaged :
       {std::string(), std::string("[]"), text.substr(0, text.size() / 2),
        replaced(text, "\"claim\"", "\"clam\""), replaced(text, "\"instance\"", "\"x\""),
        replaced(text, "\"since\"", "\"then\""), replaced(text, "\"generation\"", "\"x\"")}) {
    const auto read = parse_writer(damaged, name);
    BOOST_REQUIRE(!read.has_value());
    BOOST_TEST((read.error().code == Code::kCorrupt));
    BOOST_TEST(read.error().message.find(name) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_place_is_a_host_and_a_path) {
  const Writer here = sample();
  Writer other = here;
  BOOST_TEST(here.same_place(other));
  other.path = "/data/b.db";
  BOOST_TEST(!here.same_place(other));
  other = here;
  other.host = "";
  BOOST_TEST(!other.same_place(other));  // nobody's name is nobody's place
}

BOOST_AUTO_TEST_SUITE_END()
