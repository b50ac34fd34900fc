#include "follow/state.h"

#include <boost/test/unit_test.hpp>

#include "base/file.h"
#include "temp_folder.h"

using namespace streamd;
using namespace streamd::follow;

namespace {

State some_state() {
  State state;
  state.database.bytes[3] = 7;
  state.checksum_key = 0xfedcba9876543210;
  state.page_size = 4096;
  state.at = {GenerationId(0x187b01151), Txid(41), 1'700'000'000'123'456, 12, 0x8000000000000001};
  return state;
}

Code refused(const std::string& text) {
  const auto parsed = parse_state(text);
  BOOST_REQUIRE(!parsed);
  return parsed.error().code;
}

std::string without(std::string text, const std::string& part, const std::string& instead = "") {
  const auto at = text.find(part);
  BOOST_REQUIRE(at != std::string::npos);
  return text.replace(at, part.size(), instead);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(state)

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
  State state = some_state();
  BOOST_TEST((*parse_state(encode_state(state)) == state));
  state.next = state.at;
  state.next->txid = Txid(42);
  BOOST_TEST((*parse_state(encode_state(state)) == state));
}

BOOST_AUTO_TEST_CASE(damage_is_refused) {
  const std::string text = encode_state(some_state());
  BOOST_TEST((refused("") == Code::kCorrupt));
  BOOST_TEST((refused("{}") == Code::kCorrupt));
  BOOST_TEST((refused(without(text, "4096", "4095")) == Code::kCorrupt));
  BOOST_TEST((refused(without(text, "\"txid\": 41", "\"txid\": 0")) == Code::kCorrupt));
  BOOST_TEST((refused(without(text, "fedc", "FEDC")) == Code::kCorrupt));
  BOOST_TEST((refused(without(text, "\"format\": 1", "\"format\": 2")) == Code::kUnsupported));
  State both = some_state();
  both.next = both.at;
  both.next->pages = 0;
  BOOST_TEST((refused(encode_state(both)) == Code::kCorrupt));
}

BOOST_AUTO_TEST_CASE(a_file_beside_the_copy) {
  const TempFolder folder;
  const std::string path = state_path(folder.file("copy.db"));
  BOOST_TEST(path == folder.file("copy.db-follow"));
  BOOST_TEST(!*load_state(path));
  BOOST_REQUIRE(save_state(path, some_state()));
  BOOST_TEST((**load_state(path) == some_state()));
  BOOST_REQUIRE(replace_file(path, as_bytes("x")));
  const auto damaged = load_state(path);
  BOOST_TEST((damaged.error().code == Code::kCorrupt));
  BOOST_TEST(damaged.error().message.find(path) != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
