// The other direction of format.h and chain.h: a log and its index as SQLite writes them. Pure.
#pragma once
#include <array>
#include <span>

#include "wal/chain.h"

namespace streamd::wal {

// The beginning of a new log with these salts, its checksums in this machine's order; moves
// `position` there.
std::array<std::uint8_t, kLogHeaderSize> begin_log(Position& position, Salts salts);
// The header of the frame that continues the log at `position`, which moves on. `pages_after` other
// than 0 makes it a commit frame; `image` has position.page_size bytes.
std::array<std::uint8_t, kFrameHeaderSize> append_frame(Position& position, PageNo page,
                                                        ByteView image, std::uint32_t pages_after);

// Readers look for pages in blocks of the index, each in a mapping of its own.
constexpr int kIndexBlockSize = 32768;              // bytes
std::uint32_t index_block_of(std::uint32_t frame);  // from 0

// One block. Whoever has the write lock may change what lies beyond the last committed frame:
// readers do not look there.
class IndexBlock {
 public:
  IndexBlock(volatile void* mapping, std::uint32_t number);
  // Forgets all frames after `last`, also those of a writer that died.
  void cut(std::uint32_t last);
  // The next frame, which must lie in this block.
  void add(std::uint32_t frame, PageNo page);

 private:
  volatile std::uint32_t* pages_;
  volatile std::uint16_t* slots_;
  std::uint32_t before_;  // frames in the blocks before
  std::uint32_t room_;    // for frames
};

// Both copies, with their checksum, in the order that readers rely on: from here on they see what
// the header says. `mapping` is block 0.
void write_index_header(volatile void* mapping, IndexHeader header);

}  // namespace streamd::wal
