#include "catalog/marker.h"

#include <boost/test/unit_test.hpp>

using namespace streamd;
using namespace streamd::catalog;

namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  BOOST_REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(marker)

BOOST_AUTO_TEST_CASE(it_comes_back) {
  const Marker made{Uuid::make(), 0xfedcba9876543210, 1'795'375'549'123'000};
  const auto read = parse_marker(encode_marker(made));
  BOOST_REQUIRE(read.has_value());
  BOOST_TEST((*read == made));
}

BOOST_AUTO_TEST_CASE(people_can_read_it) {
  const std::string text = encode_marker({Uuid{}, 255, 1'795'375'549'123'000});
  BOOST_TEST(text.find("\"checksum-key\": \"00000000000000ff\"") != std::string::npos);
  BOOST_TEST(text.find("\"database\": \"00000000-0000-0000-0000-000000000000\"") !=
             std::string::npos);
  BOOST_TEST(text.find("T") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(later_fields_are_ignored_and_a_later_format_refused) {
  const std::string text = encode_marker({Uuid::make(), 1, 0});
  BOOST_TEST(parse_marker(replaced(text, "{", "{ \"more\": [1],")).has_value());
  const auto newer = parse_marker(replaced(text, "\"format\": 1", "\"format\": 2"));
  BOOST_TEST((newer.error().code == Code::kUnsupported));
  BOOST_TEST(!newer.error().hint.empty());
}

BOOST_AUTO_TEST_CASE(damage_is_corrupt) {
  const std::string text = encode_marker({Uuid::make(), 1, 0});
  const auto corrupt = [](const std::string& damaged) {
    const auto read = parse_marker(damaged);
    return !read && read.error().code == Code::kCorrupt;
  };
  BOOST_TEST(corrupt(""));
  BOOST_TEST(corrupt("[]"));
  BOOST_TEST(corrupt(text.substr(0, text.size() / 2)));
  BOOST_TEST(corrupt(replaced(text, "\"format\": 1", "\"format\": 0")));
  BOOST_TEST(corrupt(replaced(text, "\"database\"", "\"data\"")));
  BOOST_TEST(corrupt(replaced(text, "checksum-key", "checksum")));
  BOOST_TEST(corrupt(replaced(text, "created", "made")));
}

BOOST_AUTO_TEST_SUITE_END()
