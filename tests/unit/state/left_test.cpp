#include "state/left.h"

#include <boost/test/unit_test.hpp>

#include "temp_folder.h"

using namespace streamd;
using namespace streamd::state;

namespace {

const Left kLeft{GenerationId(0x0000000200000003), Txid(7), {1, 2, 3, 4}};

}  // namespace

BOOST_AUTO_TEST_SUITE(left)

BOOST_AUTO_TEST_CASE(what_was_saved_or_noted_is_read_and_a_torn_one_is_none) {
  const TempFolder folder;
  const std::string path = folder.file("left");
  BOOST_TEST(!load_left(path));
  for (const auto write : {save_left, note_left}) {
    Left longer = kLeft;
    longer.file.mtime_ns = 1'700'000'000'000'000'000;
    BOOST_REQUIRE(write(path, longer));
    BOOST_REQUIRE(write(path, kLeft));
    const auto read = load_left(path);
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST((read->file == kLeft.file));
    BOOST_TEST((read->generation == kLeft.generation && read->txid == kLeft.txid));
  }
  Bytes bytes = std::move(read_file(path)).take();
  for (const std::size_t at : {std::size_t{0}, std::size_t{20}, bytes.size() - 3}) {
    Bytes torn = bytes;
    torn[at] ^= 1;
    BOOST_REQUIRE(replace_file(path, torn));
    BOOST_TEST(!load_left(path), at);
  }
  bytes.resize(bytes.size() / 2);
  BOOST_REQUIRE(replace_file(path, bytes));
  BOOST_TEST(!load_left(path));
}

BOOST_AUTO_TEST_SUITE_END()
