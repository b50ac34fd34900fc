#include "segment/reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "segment/codec.h"
#include "segment/limits.h"

namespace streamd::segment {
namespace {

// Read first: most objects are smaller, of others it holds footer and index.
constexpr std::uint64_t kTailBytes = 64 * kKiB;

// The end of an object, as far as it was read.
struct Tail {
  const ByteSource& source;
  std::uint64_t from = 0;
  Bytes bytes;

  // [offset, offset + out.size()), from what is there where it is, else read.
  Status copy(std::uint64_t offset, MutableBytes out) const {
    const std::uint64_t missing =
        offset < from ? std::min<std::uint64_t>(from - offset, out.size()) : 0;
    if (missing > 0) TRY(source.read_at(offset, out.first(missing)));
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(offset + missing - from);
    std::copy_n(begin, out.size() - missing, out.begin() + static_cast<std::ptrdiff_t>(missing));
    return {};
  }
};

Error damaged(std::string_view why) {
  return make_error(Code::kCorrupt, fmt::format("read an object: {}", why));
}

Status check_footer(const Footer& footer, std::uint64_t size) {
  if (footer.object_size != size) return damaged("it has another length than it says");
  if (footer.index_offset < kHeaderSize || footer.index_offset > size - kFooterSize ||
      footer.index_stored != size - kFooterSize - footer.index_offset)
    return damaged("its index does not end where the footer begins");
  if (footer.index_raw > kMaxIndexBytes || footer.index_stored > kMaxIndexBytes ||
      footer.index_raw > footer.index_stored * kMaxIndexRatio + kIndexRatioSlack)
    return damaged("its index claims an impossible length");
  return {};
}

Error block_damaged(std::size_t i, std::string_view why) {
  return make_error(Code::kCorrupt, fmt::format("read block {} of an object: {}", i, why));
}

}  // namespace

Result<ObjectReader> ObjectReader::open(const ByteSource& source) {
  const std::uint64_t size = source.size();
  if (size < kHeaderSize + kFooterSize) return damaged("it is too short to be one");
  Tail tail{source, size - std::min(size, kTailBytes), Bytes(std::min(size, kTailBytes))};
  TRY(source.read_at(tail.from, tail.bytes));
  HeaderBytes head;
  FooterBytes foot;
  TRY(tail.copy(0, head));
  TRY(tail.copy(size - kFooterSize, foot));
  ObjectReader reader;
  reader.source_ = &source;
  reader.size_ = size;
  reader.header_ = TRY(decode_header(head));
  const Footer footer = TRY(decode_footer(head, foot));
  TRY(check_footer(footer, size));
  Bytes stored(footer.index_stored);
  TRY(tail.copy(footer.index_offset, stored));
  if (xxh3(stored) != footer.index_hash) return damaged("its index does not match its checksum");
  Bytes raw(footer.index_raw);
  if (Status done = decompress(stored, {}, raw); !done)
    return std::move(done.error()).with_context("read an object's index");
  reader.index_ = TRY(decode_index(reader.header_, raw, footer.index_offset));
  reader.hash_ = object_hash(head, footer);
  return reader;
}

Result<ObjectHeader> read_header(const ByteSource& source) {
  HeaderBytes head;
  TRY(source.read_at(0, head));
  return decode_header(head);
}

Result<Bytes> ObjectReader::read_block(std::size_t i) const {
  Bytes stored(block(i).stored);
  TRY(source_->read_at(block(i).offset, stored));
  if (xxh3(stored) != block(i).stored_hash)
    return block_damaged(i, "its bytes do not match their checksum");
  return stored;
}

Status ObjectReader::decode_block(std::size_t i, ByteView stored, ByteView bases,
                                  MutableBytes out) const {
  const Block& what = block(i);
  if (out.size() != what.raw)
    return make_error(
        Code::kInternal,
        fmt::format("decode block {}: the buffer has {} bytes, not {}", i, out.size(), what.raw));
  if (stored.size() != what.stored || xxh3(stored) != what.stored_hash)
    return block_damaged(i, "its bytes do not match their checksum");
  if (bases.size() != std::uint64_t{what.bases} * header_.page_size ||
      (what.bases > 0 && xxh3(bases) != what.bases_hash))
    return block_damaged(i, "the pages it builds on are not those it was made from");
  if (what.encoding == Encoding::kRaw) {
    std::copy(stored.begin(), stored.end(), out.begin());
    return {};
  }
  if (Status done = decompress(stored, bases, out); !done)
    return block_damaged(i, done.error().message);
  return {};
}

Status ObjectReader::verify_blocks() const {
  // Neighbouring blocks in one read: the source may be far away.
  constexpr std::uint64_t kReadBytes = 4 * kMiB;
  Bytes buffer;
  for (std::size_t first = 0; first < blocks();) {
    std::size_t end = first;
    std::uint64_t bytes = 0;
    do {
      bytes += block(end++).stored;
    } while (end < blocks() && bytes + block(end).stored <= kReadBytes);
    buffer.resize(bytes);
    TRY(source_->read_at(block(first).offset, buffer));
    ByteView rest = buffer;
    for (; first < end; ++first) {
      const Block& now = block(first);
      if (xxh3(rest.first(now.stored)) != now.stored_hash)
        return block_damaged(first, "its bytes do not match their checksum");
      rest = rest.subspan(now.stored);
    }
  }
  return {};
}

Status verify_object(const ByteSource& source, Depth depth) {
  const ObjectReader reader = TRY(ObjectReader::open(source));
  return depth == Depth::kIndex ? Status() : reader.verify_blocks();
}

}  // namespace streamd::segment
