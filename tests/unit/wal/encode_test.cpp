#include "wal/encode.h"

#include <boost/test/unit_test.hpp>

using namespace streamd;
using namespace streamd::wal;

namespace {

constexpr std::uint32_t kPageSize = 512;

Position empty_log(Salts salts) {
  Position position;
  position.page_size = kPageSize;
  const auto raw = begin_log(position, salts);
  const auto header = parse_log_header(raw);
  BOOST_REQUIRE(header);
  BOOST_TEST((header->salts == salts && header->chain == position.chain));
  BOOST_TEST((header->page_size == kPageSize && !header->big_endian));
  return position;
}

// A block of the index in memory, and how SQLite's readers look a page up in it.
struct Block {
  explicit Block(std::uint32_t number_) : number(number_) {}
  IndexBlock writer() { return {words.data(), number}; }
  // The newest frame of the page up to `last`; 0 = none.
  std::uint32_t find(std::uint32_t page, std::uint32_t last) const {
    const auto* slots = reinterpret_cast<const std::uint16_t*>(words.data()) + 8192;
    const std::uint32_t* pages = words.data() + (number == 0 ? 34 : 0);
    const std::uint32_t before = number == 0 ? 0 : 4062 + (number - 1) * 4096;
    std::uint32_t found = 0;
    for (std::uint32_t at = page * 383 & 8191; slots[at] != 0; at = (at + 1) & 8191)
      if (before + slots[at] <= last && pages[slots[at] - 1] == page) found = before + slots[at];
    return found;
  }
  std::uint32_t number;
  std::vector<std::uint32_t> words = std::vector<std::uint32_t>(kIndexBlockSize / 4);
};

}  // namespace

BOOST_AUTO_TEST_SUITE(encode)

BOOST_AUTO_TEST_CASE(frames_continue_the_chain) {
  Position written = empty_log({{1, 2, 3, 4, 5, 6, 7, 8}}), read = written;
  for (std::uint32_t i = 1; i <= 5; ++i) {
    const Bytes image(kPageSize, static_cast<std::uint8_t>(i * 40));
    const auto head = append_frame(written, PageNo(i * 7), image, i % 2 == 0 ? i : 0);
    Bytes frame(head.begin(), head.end());
    append(frame, image);
    BOOST_REQUIRE(accept_frame(read, frame.data()));
    BOOST_TEST((read == written));
    frame[30] ^= 1;
    Position other = read;
    BOOST_TEST(!accept_frame(other, frame.data()));
  }
  BOOST_TEST((written.frame == 5u && written.pages == 4u && written.change == 2u));
}

BOOST_AUTO_TEST_CASE(a_log_of_big_endian_checksums_is_continued) {
  Position position = empty_log({});
  position.big_endian = true;
  Position read = position;
  const Bytes image(kPageSize, 3);
  const auto head = append_frame(position, PageNo(2), image, 2);
  Bytes frame(head.begin(), head.end());
  append(frame, image);
  BOOST_TEST(accept_frame(read, frame.data()));
}

BOOST_AUTO_TEST_CASE(each_frame_has_its_block) {
  for (const auto& [frame, block] :
       {std::pair(1u, 0u), {4062u, 0u}, {4063u, 1u}, {8158u, 1u}, {8159u, 2u}})
    BOOST_TEST(index_block_of(frame) == block);
}

BOOST_AUTO_TEST_CASE(the_newest_frame_of_a_page_is_found) {
  Block first(0), third(2);
  IndexBlock low = first.writer(), high = third.writer();
  for (std::uint32_t frame = 1; frame <= 4062; ++frame) low.add(frame, PageNo(frame % 1000 + 1));
  for (std::uint32_t frame = 8159; frame <= 8159 + 4095; ++frame) high.add(frame, PageNo(frame));
  BOOST_TEST(first.find(1, 4062) == 4000u);
  BOOST_TEST(first.find(1, 3999) == 3000u);
  BOOST_TEST(first.find(63, 4062) == 4062u);
  BOOST_TEST(first.find(1001, 4062) == 0u);
  BOOST_TEST(third.find(12254, 12254) == 12254u);
}

BOOST_AUTO_TEST_CASE(what_lies_beyond_the_last_commit_is_forgotten) {
  Block first(0), second(1);
  IndexBlock low = first.writer(), high = second.writer();
  for (std::uint32_t frame = 1; frame <= 100; ++frame) low.add(frame, PageNo(5));
  low.cut(40);
  BOOST_TEST(first.find(5, 100) == 40u);
  low.add(41, PageNo(5));
  BOOST_TEST(first.find(5, 100) == 41u);
  low.cut(0);
  BOOST_TEST(first.find(5, 100) == 0u);
  high.add(4063, PageNo(9));
  high.cut(4063);
  BOOST_TEST(second.find(9, 5000) == 4063u);
  high.cut(4062);
  BOOST_TEST(second.find(9, 5000) == 0u);
  low.cut(100'000);  // of a later block: all of this one stays
}

BOOST_AUTO_TEST_CASE(readers_take_the_header) {
  Block first(0);
  IndexHeader header;
  header.version = 3007000;
  header.initialised = 1;
  header.page_size_code = kPageSize;
  header.last_frame = 17;
  header.pages = 4;
  write_index_header(first.words.data(), header);
  const auto read = read_index_header(first.words.data());
  BOOST_REQUIRE(read);
  header.own = read->own;
  BOOST_TEST((*read == header));
  first.words[3] ^= 1;
  BOOST_TEST(!read_index_header(first.words.data()));
}

BOOST_AUTO_TEST_SUITE_END()
