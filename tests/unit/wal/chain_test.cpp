#include "wal/chain.h"

#include <boost/test/unit_test.hpp>

using namespace streamd;
using namespace streamd::wal;

namespace {

// Builds logs by the file format's description, in either byte order.
struct LogBuilder {
  explicit LogBuilder(bool big_endian) : big(big_endian) {
    header.resize(kLogHeaderSize);
    store_be32(&header[0], 0x377f0682u + (big ? 1 : 0));
    store_be32(&header[4], 3007000);
    store_be32(&header[8], 512);
    store_be32(&header[12], 7);
    store_be32(&header[16], 0x01020304);
    store_be32(&header[20], 0x05060708);
    chain = checksum({}, ByteView(header).first(24), big);
    store_be32(&header[24], chain.s0);
    store_be32(&header[28], chain.s1);
  }
  Bytes frame(std::uint32_t page, std::uint32_t pages_after, std::uint8_t fill) {
    Bytes raw(kFrameHeaderSize + 512, fill);
    store_be32(&raw[0], page);
    store_be32(&raw[4], pages_after);
    std::copy_n(&header[16], 8, &raw[8]);
    chain = checksum(chain, ByteView(raw).first(8), big);
    chain = checksum(chain, ByteView(raw).subspan(kFrameHeaderSize), big);
    store_be32(&raw[16], chain.s0);
    store_be32(&raw[20], chain.s1);
    return raw;
  }
  bool big;
  Bytes header;
  Checksum chain;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(chain)

BOOST_AUTO_TEST_CASE(frames_continue_the_header_in_both_byte_orders) {
  for (const bool big : {false, true}) {
    LogBuilder log(big);
    const auto header = parse_log_header(log.header);
    BOOST_REQUIRE(header.has_value());
    BOOST_TEST(header->page_size == 512u);
    BOOST_TEST(header->checkpoint_seq == 7u);
    BOOST_TEST(header->salts.first() == 0x01020304u);
    Position position;
    position.page_size = 512;
    start_log(position, *header);
    const Bytes first = log.frame(3, 0, 0xaa), commit = log.frame(1, 9, 0xbb);
    BOOST_TEST(accept_frame(position, first.data()));
    BOOST_TEST(position.pages == 0u);
    BOOST_TEST(accept_frame(position, commit.data()));
    BOOST_TEST(position.frame == 2u);
    BOOST_TEST(position.pages == 9u);
    BOOST_TEST(position.change == 1u);
    BOOST_TEST((position.chain == log.chain));
  }
}

// Each word for itself, as the format's description has it.
BOOST_AUTO_TEST_CASE(the_checksum_is_that_of_the_format) {
  Bytes bytes(48);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 37 + 11);
  for (const bool big : {false, true}) {
    const auto word = [&](std::size_t at) {
      std::uint32_t value = 0;
      for (std::size_t i = 0; i < 4; ++i) {
        const std::uint32_t byte = bytes[at + i];
        value |= byte << (8 * (big ? 3 - i : i));
      }
      return value;
    };
    std::uint32_t s0 = 5, s1 = 7;
    for (std::size_t at = 0; at < bytes.size(); at += 8) {
      s0 += word(at) + s1;
      s1 += word(at + 4) + s0;
    }
    BOOST_TEST((checksum({5, 7}, bytes, big) == Checksum{s0, s1}));
  }
}

BOOST_AUTO_TEST_CASE(one_salt_that_fits_is_not_enough_for_a_frame_with_a_right_checksum) {
  for (const std::size_t at : {8u, 12u}) {  // the checksum does not cover them
    LogBuilder log(false);
    Position position;
    position.page_size = 512;
    start_log(position, *parse_log_header(log.header));
    Bytes frame = log.frame(3, 4, 0xaa);
    frame[at] ^= 1;
    BOOST_TEST(!accept_frame(position, frame.data()), at);
    BOOST_TEST(!accept_broken_frame(position, frame.data()), at);
  }
}

BOOST_AUTO_TEST_CASE(what_does_not_continue_is_refused_and_changes_nothing) {
  LogBuilder log(false);
  Position position;
  position.page_size = 512;
  start_log(position, *parse_log_header(log.header));
  const Position before = position;
  const Bytes frame = log.frame(3, 4, 0xaa);
  for (const std::size_t at :
       {0u, 3u, 9u, 13u, 17u, 21u, 24u, 535u}) {  // page, salts, checksum, content
    Bytes damaged = frame;
    damaged[at] ^= 1;
    BOOST_TEST(!accept_frame(position, damaged.data()), at);
    BOOST_TEST((position == before));
  }
  Bytes page_zero = frame;
  store_be32(&page_zero[0], 0);
  BOOST_TEST(!accept_frame(position, page_zero.data()));
  BOOST_TEST(accept_frame(position, frame.data()));
  BOOST_TEST(
      !accept_frame(position, frame.data()));  // the same frame again is not its own successor
}

BOOST_AUTO_TEST_CASE(committed_frames_whose_checksums_sqlite_broke_can_be_passed) {
  LogBuilder log(false);
  Position start;
  start.page_size = 512;
  start_log(start, *parse_log_header(log.header));
  const Bytes first = log.frame(3, 0, 0xaa), second = log.frame(4, 9, 0xbb);
  Bytes zeros = first;
  std::fill(zeros.begin() + 8, zeros.begin() + 24, 0);
  Position position = start;
  BOOST_TEST(!accept_frame(position, zeros.data()));
  BOOST_TEST(accept_broken_frame(position, zeros.data()));
  BOOST_TEST((position.chain == start.chain));  // zeros do not move the chain
  BOOST_TEST(position.frame == 1u);
  BOOST_TEST(!accept_frame(position, second.data()));
  BOOST_TEST(accept_broken_frame(position, second.data()));
  BOOST_TEST((position.chain == log.chain));  // one with salts sets it
  BOOST_TEST(position.pages == 9u);
  const Position before = position;
  Bytes foreign = second;
  foreign[9] ^= 1;  // another log's salts
  BOOST_TEST(!accept_broken_frame(position, foreign.data()));
  Bytes page_zero = zeros;
  store_be32(&page_zero[0], 0);
  BOOST_TEST(!accept_broken_frame(position, page_zero.data()));
  BOOST_TEST((position == before));
}

BOOST_AUTO_TEST_CASE(damaged_log_headers_are_refused) {
  const LogBuilder log(false);
  BOOST_TEST(!parse_log_header(ByteView(log.header).first(31)).has_value());
  for (const std::size_t at : {0u, 3u, 8u, 12u, 16u, 24u, 31u}) {
    Bytes damaged = log.header;
    damaged[at] ^= 0x10;
    BOOST_TEST(!parse_log_header(damaged).has_value(), at);
  }
  Bytes odd_size = log.header;  // right checksum, impossible page size
  store_be32(&odd_size[8], 1000);
  const Checksum sum = checksum({}, ByteView(odd_size).first(24), false);
  store_be32(&odd_size[24], sum.s0);
  store_be32(&odd_size[28], sum.s1);
  BOOST_TEST(!parse_log_header(odd_size).has_value());
}

BOOST_AUTO_TEST_CASE(places_in_the_file) {
  BOOST_TEST(frame_offset(1, 512) == 32u);
  BOOST_TEST(frame_offset(UINT32_MAX, 65536) == 32u + 4294967294u * std::uint64_t{65560});
  for (const std::uint32_t size : {512u, 1024u, 65536u}) BOOST_TEST(valid_page_size(size));
  for (const std::uint32_t size : {0u, 256u, 513u, 131072u}) BOOST_TEST(!valid_page_size(size));
  BOOST_TEST(lock_page(4096).value == 262145u);
}

BOOST_AUTO_TEST_CASE(positions_round_trip) {
  Position position;
  position.database_inode = 77;
  position.salts.bytes = {1, 2, 3, 4, 5, 6, 7, 8};
  position.frame = 9;
  position.chain = {10, 11};
  position.big_endian = true;
  position.page_size = 65536;
  position.pages = 12;
  position.change = 13;
  Bytes raw;
  append_position(raw, position);
  BOOST_TEST(raw.size() == kPositionSize);
  ByteReader in(raw);
  BOOST_TEST((read_position(in) == position));
  BOOST_TEST((in.ok() && in.at_end()));
  position.big_endian = false;
  raw.clear();
  append_position(raw, position);
  ByteReader again(raw);
  BOOST_TEST((read_position(again) == position));
  BOOST_TEST(position.known());
  BOOST_TEST(!Position().known());
  BOOST_TEST(!position.salts.none());
  ByteReader cut(ByteView(raw).first(12));  // in the salts
  BOOST_TEST(read_position(cut).salts.none());
  BOOST_TEST(!cut.ok());
}

BOOST_AUTO_TEST_CASE(an_index_header_counts_only_when_both_copies_and_the_checksum_agree) {
  alignas(8) std::array<std::uint32_t, 34> mapping{};
  IndexHeader header;
  header.version = 3007000;
  header.initialised = 1;
  header.page_size_code = 1;  // 65536
  header.last_frame = 5;
  header.own = checksum({}, {reinterpret_cast<const std::uint8_t*>(&header), 40}, false);
  const auto store = [&](const IndexHeader& first, const IndexHeader& second) {
    std::memcpy(mapping.data(), &first, 48);
    std::memcpy(mapping.data() + 12, &second, 48);
  };
  store(header, header);
  mapping[24] = 3;
  mapping[26] = 4;
  BOOST_REQUIRE(read_index_header(mapping.data()).has_value());
  BOOST_TEST(read_index_header(mapping.data())->page_size() == 65536u);
  BOOST_TEST(read_backfilled(mapping.data()) == 3u);
  BOOST_TEST(read_mark(mapping.data(), 1) == 4u);
  IndexHeader newer = header;
  newer.last_frame = 6;
  store(newer, header);  // torn
  BOOST_TEST(!read_index_header(mapping.data()).has_value());
  store(newer, newer);  // checksum of the old
  BOOST_TEST(!read_index_header(mapping.data()).has_value());
  header.initialised = 0;
  store(header, header);
  BOOST_TEST(!read_index_header(mapping.data()).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
