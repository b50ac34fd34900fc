// The write-ahead log as SQLite lays it out (https://www.sqlite.org/fileformat2.html#walformat) and
// its index header (https://www.sqlite.org/walformat.html). Pure: bytes in, values out.
#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "wal/page.h"

namespace streamd::wal {

constexpr std::size_t kLogHeaderSize = 32;
constexpr std::size_t kFrameHeaderSize = 24;

// Identify one life of the log between two restarts. They are identities, not counters: (0,0) is
// what every empty recovered index shows and identifies nothing.
struct Salts {
  std::array<std::uint8_t, 8> bytes{};
  bool operator==(const Salts&) const = default;
  bool none() const { return *this == Salts{}; }
  std::uint32_t first() const { return load_be32(bytes.data()); }
};

// SQLite's rolling checksum over the log.
struct Checksum {
  std::uint32_t s0 = 0, s1 = 0;
  bool operator==(const Checksum&) const = default;
};
// Continues `from` over bytes (a multiple of 8), read as words of the log's byte order.
Checksum checksum(Checksum from, ByteView bytes, bool big_endian);

// The first 32 bytes of the log.
struct LogHeader {
  bool big_endian = false;  // byte order of the checksums
  std::uint32_t page_size = 0;
  std::uint32_t checkpoint_seq = 0;
  Salts salts;
  Checksum chain;  // what the first frame continues
};
// nullopt when the magic, page size or checksum is wrong.
std::optional<LogHeader> parse_log_header(ByteView bytes);

struct FrameHeader {
  PageNo page;
  std::uint32_t pages_after = 0;  // database size after the commit; 0 = not a commit frame
  Salts salts;
  Checksum chain;
  bool is_commit() const { return pages_after != 0; }
};
FrameHeader parse_frame_header(const std::uint8_t* bytes);  // kFrameHeaderSize of them

// Frames count from 1.
constexpr std::uint64_t frame_offset(std::uint32_t frame, std::uint32_t page_size) {
  return kLogHeaderSize + static_cast<std::uint64_t>(frame - 1) * (kFrameHeaderSize + page_size);
}

// One copy of the wal-index header: the truth about what is committed.
struct IndexHeader {
  std::uint32_t version = 0, unused = 0;
  std::uint32_t change = 0;  // counts commits
  std::uint8_t initialised = 0;
  std::uint8_t big_endian = 0;
  std::uint16_t page_size_code = 0;
  std::uint32_t last_frame = 0;  // mxFrame: the last committed frame; 0 = empty log
  std::uint32_t pages = 0;       // database size in pages
  Checksum frame_chain;          // rolling checksum at last_frame
  Salts salts;
  Checksum own;
  std::uint32_t page_size() const {
    return (page_size_code & 0xfe00u) + ((page_size_code & 1u) << 16);
  }
  bool operator==(const IndexHeader&) const = default;
};
static_assert(sizeof(IndexHeader) == 48);

// Reads the header out of the shared mapping: both copies equal and the checksum right, else
// nullopt (a writer is in the middle of it, or died there).
std::optional<IndexHeader> read_index_header(const volatile void* mapping);
std::uint32_t read_backfilled(const volatile void* mapping);      // nBackfill
std::uint32_t read_mark(const volatile void* mapping, int slot);  // aReadMark[slot], 0..4

}  // namespace streamd::wal
