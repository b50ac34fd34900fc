// Follows one life of the log frame by frame, trusting nothing: every frame must carry our salts
// and continue our checksum.
#pragma once
#include <cstdint>

#include "wal/format.h"

namespace streamd::wal {

// Where capture stands: the database as of `frame` of the log identified by `salts`. Kept in every
// object and in the local state, so that a restart can tie what it finds to what it has.
struct Position {
  std::uint64_t database_inode = 0;
  Salts salts;
  std::uint32_t frame = 0;      // the last captured frame; 0 = none of this log yet
  Checksum chain;               // rolling checksum at that frame (of the log header at frame 0)
  bool big_endian = false;      // byte order of the log's checksums
  std::uint32_t page_size = 0;  // 0 = nothing captured yet
  std::uint32_t pages = 0;      // database size at that frame
  std::uint32_t change = 0;     // the index's count of commits at that frame
  bool operator==(const Position&) const = default;
  bool known() const { return page_size != 0; }
};
constexpr std::size_t kPositionSize = 48;
void append_position(Bytes& out, const Position& position);  // kPositionSize bytes
Position read_position(ByteReader& in);                      // check in.ok() afterwards

// Advances `position` over the frame (its header, then page_size bytes); false, and the position
// untouched, when the frame does not continue the chain. pages and change move only at a commit
// frame.
bool accept_frame(Position& position, const std::uint8_t* frame);

// SQLite itself can break the chain inside what it has committed (seen in 3.40.1): it leaves salts
// and checksums of a spilled transaction's frames zero until the commit writes them, and after a
// savepoint was rolled back in a restarted log it writes only some of them. Its readers go by the
// wal-index and never notice; its recovery would lose the commit. Advances over such a frame: one
// of zeros does not move the chain, another one sets it. False when it is of another log.
bool accept_broken_frame(Position& position, const std::uint8_t* frame);

// Starts the chain of a (new) log: frame 0 with the header's salts and checksum.
void start_log(Position& position, const LogHeader& header);

}  // namespace streamd::wal
