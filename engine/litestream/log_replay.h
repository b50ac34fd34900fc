// A database out of what 0.3 keeps: a copy of the file, then the frames of the log after it, each
// of which must carry the log's salts and continue its checksum. One LZ4 frame an object.
#pragma once
#include "base/file.h"
#include "litestream/compression.h"
#include "litestream/stream.h"
#include "wal/chain.h"

namespace streamd::litestream {

// One thread; borrows the file. After an error its content is undefined. Errors: the stream's,
// kCorrupt, kUnsupported (encrypted with age), those of the file.
class LogReplay {
 public:
  static Result<LogReplay> create(File& file);
  // The opened object is the whole file as of the beginning of a log. It comes first.
  Status image(ObjectStream& stream);
  // The opened object is the next segment of the log, or the first one of the next log. A segment
  // ends with a commit.
  Status segment(ObjectStream& stream, const Segment& segment);

  std::uint32_t page_size() const { return page_size_; }
  std::uint32_t pages() const { return pages_; }

 private:
  LogReplay(File& file, FrameDecoder decoder) : file_(file), decoder_(std::move(decoder)) {}
  template <class Sink>
  Status inflate(ObjectStream& stream, const Sink& sink);
  Status check_image(std::uint64_t size);
  Status feed(ByteView bytes);  // of the log
  Status begin_log();           // pending_ holds its header
  Status apply_frame();         // pending_ holds one

  File& file_;
  FrameDecoder decoder_;
  Bytes buffer_, pending_;  // decompressed bytes; a header or frame that is not complete
  std::uint32_t page_size_ = 0, pages_ = 0;
  wal::Position position_;
  bool in_log_ = false;          // its header was read
  bool in_transaction_ = false;  // frames, and no commit yet
  std::uint64_t log_bytes_ = 0;  // of the log, so far
};

}  // namespace streamd::litestream
