// LTX files, as Litestream 0.5 writes them: a header, compressed pages in ascending order, an index
// of them, a checksum over all of it. Big-endian.
#pragma once
#include <array>

#include "base/clock.h"
#include "base/file.h"
#include "litestream/compression.h"
#include "litestream/crc64.h"
#include "litestream/stream.h"
#include "wal/page.h"

namespace streamd::litestream {

constexpr std::size_t kLtxHeaderSize = 100;
// The checksum at the end, and before it the index (at least its end mark and its length).
constexpr std::size_t kLtxTrailerSize = 16, kLtxIndexMinimum = 9;

struct LtxHeader {
  std::uint32_t page_size = 0, pages = 0;  // of the database once the file is applied
  Txid first{}, last{};
  Micros time = 0;  // of the last transaction's sync; whole milliseconds
};
// kCorrupt; kUnsupported for flags that Litestream never sets.
Result<LtxHeader> parse_ltx_header(ByteView bytes);

// Writes LTX files over one another into a database file. One thread; borrows the file. After an
// error the file's content is undefined.
class LtxApplier {
 public:
  static Result<LtxApplier> create(File& file);
  // The opened object, which must be what its name says. The first one must have all pages. Errors:
  // the stream's, kCorrupt, kUnsupported, and those of the file.
  Status apply(ObjectStream& stream, const LtxFile& object);
  const LtxHeader& state() const { return state_; }  // after the last file

 private:
  LtxApplier(File& file, FrameDecoder decoder) : file_(file), decoder_(std::move(decoder)) {}
  Result<LtxHeader> read_header(ObjectStream& stream, const LtxFile& object, Crc64& checksum);
  Status read_pages(ObjectStream& stream, const LtxHeader& header, Crc64& checksum);
  Status read_page(ObjectStream& stream, std::uint16_t flags, Crc64& checksum);
  Status read_frame(ObjectStream& stream);

  File& file_;
  FrameDecoder decoder_;
  LtxHeader state_;  // nothing applied: no page size
  Bytes page_, packed_;
};

}  // namespace streamd::litestream
