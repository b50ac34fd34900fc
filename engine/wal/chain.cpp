#include "wal/chain.h"

#include <algorithm>

namespace streamd::wal {

void append_position(Bytes& out, const Position& position) {
  append_le(out, position.database_inode);
  append(out, position.salts.bytes);
  append_le(out, position.frame);
  append_le(out, position.chain.s0);
  append_le(out, position.chain.s1);
  append_le(out, position.page_size);
  append_le(out, position.pages);
  append_le<std::uint32_t>(out, position.big_endian ? 1 : 0);
  append_le(out, position.change);
  append_le<std::uint32_t>(out, 0);  // reserved
}

Position read_position(ByteReader& in) {
  Position position;
  position.database_inode = in.le<std::uint64_t>();
  if (const ByteView salts = in.take(8); salts.size() == 8)
    std::copy(salts.begin(), salts.end(), position.salts.bytes.begin());
  position.frame = in.le<std::uint32_t>();
  position.chain.s0 = in.le<std::uint32_t>();
  position.chain.s1 = in.le<std::uint32_t>();
  position.page_size = in.le<std::uint32_t>();
  position.pages = in.le<std::uint32_t>();
  position.big_endian = (in.le<std::uint32_t>() & 1) != 0;
  position.change = in.le<std::uint32_t>();
  in.take(4);
  return position;
}

namespace {

void advance(Position& position, const FrameHeader& header) {
  position.chain = header.chain;
  ++position.frame;
  if (!header.is_commit()) return;
  position.pages = header.pages_after;
  ++position.change;
}

}  // namespace

bool accept_frame(Position& position, const std::uint8_t* frame) {
  const FrameHeader header = parse_frame_header(frame);
  if (header.salts != position.salts || header.page.value == 0) return false;
  Checksum chain = checksum(position.chain, {frame, 8}, position.big_endian);
  chain = checksum(chain, {frame + kFrameHeaderSize, position.page_size}, position.big_endian);
  if (chain != header.chain) return false;
  advance(position, header);
  return true;
}

bool accept_broken_frame(Position& position, const std::uint8_t* frame) {
  const FrameHeader header = parse_frame_header(frame);
  if (header.page.value == 0) return false;
  const Checksum chain = position.chain;
  const bool unwritten =
      std::all_of(frame + 8, frame + kFrameHeaderSize, [](std::uint8_t byte) { return byte == 0; });
  if (!unwritten && header.salts != position.salts) return false;
  advance(position, header);
  if (unwritten) position.chain = chain;
  return true;
}

void start_log(Position& position, const LogHeader& header) {
  position.salts = header.salts;
  position.frame = 0;
  position.chain = header.chain;
  position.big_endian = header.big_endian;
}

}  // namespace streamd::wal
