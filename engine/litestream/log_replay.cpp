#include "litestream/log_replay.h"

#include <algorithm>

namespace streamd::litestream {
namespace {

constexpr std::size_t kBufferBytes = 256 * kKiB;
constexpr std::string_view kDatabaseMagic("SQLite format 3\0", 16);
constexpr std::size_t kPageSizeAt = 16, kHeadBytes = 18;
constexpr std::string_view kAgeMagic = "age-encryption.org/";

Error corrupt(const std::string& why) {
  return make_error(Code::kCorrupt, why);
}

}  // namespace

Result<LogReplay> LogReplay::create(File& file) {
  LogReplay replay(file, TRY(FrameDecoder::create()));
  replay.buffer_.resize(kBufferBytes);
  return replay;
}

// The object's one LZ4 frame, decompressed, piece by piece.
template <class Sink>
Status LogReplay::inflate(ObjectStream& stream, const Sink& sink) {
  decoder_.start_over();
  if (as_text(TRY(stream.more())).starts_with(kAgeMagic))
    return make_error(Code::kUnsupported, "it is encrypted with age",
                      "only Litestream 0.3 with the right key can restore this replica");
  for (bool ended = false; !ended;) {
    const ByteView here = TRY(stream.more());
    const FrameDecoder::Step step = TRY(decoder_.decode(here, buffer_));
    if (here.empty() && step.made == 0 && !step.ended) return corrupt("it ends too early");
    stream.consume(step.taken);
    TRY(sink(ByteView(buffer_).first(step.made)));
    ended = step.ended;
  }
  return stream.remaining() == 0 ? Status{} : corrupt("something follows its end");
}

Status LogReplay::image(ObjectStream& stream) {
  std::uint64_t size = 0;
  TRY(inflate(stream, [&](ByteView bytes) -> Status {
    if (pending_.size() < kHeadBytes)
      append(pending_, bytes.first(std::min(bytes.size(), kHeadBytes - pending_.size())));
    TRY(file_.write_at(size, bytes));
    size += bytes.size();
    return {};
  }));
  return check_image(size);
}

Status LogReplay::check_image(std::uint64_t size) {
  if (pending_.size() < kHeadBytes || !as_text(pending_).starts_with(kDatabaseMagic))
    return corrupt("it is no database");
  const std::uint32_t stored = pending_[kPageSizeAt] * 256u + pending_[kPageSizeAt + 1];
  page_size_ = stored == 1 ? 65536 : stored;
  pending_.clear();
  if (!valid_page_size(page_size_) || size % page_size_ != 0 || size / page_size_ > UINT32_MAX)
    return corrupt("it is no whole number of pages");
  pages_ = static_cast<std::uint32_t>(size / page_size_);
  return {};
}

Status LogReplay::segment(ObjectStream& stream, const Segment& segment) {
  if (segment.offset == 0) {
    in_log_ = false;
    log_bytes_ = 0;
  }
  if (segment.offset != log_bytes_)
    return make_error(Code::kCorrupt,
                      "the log before it ends at byte " + std::to_string(log_bytes_) +
                          ", and it begins at byte " + std::to_string(segment.offset),
                      "a segment is missing; --timestamp restores a moment before it");
  TRY(inflate(stream, [&](ByteView bytes) { return feed(bytes); }));
  if (!pending_.empty() || in_transaction_) return corrupt("it ends in the middle of a commit");
  return file_.truncate(pages_ * std::uint64_t{page_size_});
}

Status LogReplay::feed(ByteView bytes) {
  log_bytes_ += bytes.size();
  while (!bytes.empty()) {
    const std::size_t whole = in_log_ ? wal::kFrameHeaderSize + page_size_ : wal::kLogHeaderSize;
    const ByteView part = bytes.first(std::min(bytes.size(), whole - pending_.size()));
    append(pending_, part);
    bytes = bytes.subspan(part.size());
    if (pending_.size() < whole) return {};
    TRY(in_log_ ? apply_frame() : begin_log());
    pending_.clear();
  }
  return {};
}

Status LogReplay::begin_log() {
  const auto header = wal::parse_log_header(pending_);
  if (!header) return corrupt("the log's header is damaged");
  if (header->page_size != page_size_)
    return corrupt("the log has pages of another size than the database");
  position_ = {};
  position_.page_size = page_size_;
  wal::start_log(position_, *header);
  in_log_ = true;
  return {};
}

Status LogReplay::apply_frame() {
  if (!wal::accept_frame(position_, pending_.data()))
    return corrupt("frame " + std::to_string(position_.frame + 1) +
                   " does not continue the log's checksum");
  const wal::FrameHeader frame = wal::parse_frame_header(pending_.data());
  TRY(file_.write_at((frame.page.value - 1) * std::uint64_t{page_size_},
                     ByteView(pending_).subspan(wal::kFrameHeaderSize)));
  in_transaction_ = !frame.is_commit();
  if (frame.is_commit()) pages_ = frame.pages_after;
  return {};
}

}  // namespace streamd::litestream
