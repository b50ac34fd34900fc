#include "loose_object.h"

#include <algorithm>

#include "base/hash.h"
#include "segment/codec.h"
#include "segment/header.h"
#include "segment/sections.h"

namespace streamd::fuzz {
namespace {

using segment::kFooterSize, segment::kHeaderSize;
constexpr std::size_t kHashAt = 248, kLengthSize = 4;
constexpr std::size_t kLargestRawBlock = 128 * 1024;  // of zstd

// The records of the index's blocks get the hashes of the bytes that they name.
void hash_blocks(Bytes& index, ByteView object) {
  for (std::size_t at = 0; at + 8 <= index.size();) {
    const auto type = load_le<std::uint16_t>(&index[at]);
    const std::size_t length = load_le<std::uint32_t>(&index[at + 4]);
    at += 8;
    if (length > index.size() - at) return;
    const bool blocks =
        (type & ~segment::kMustUnderstand) == static_cast<std::uint16_t>(segment::Section::kBlocks);
    for (std::size_t record = at; blocks && record + segment::kBlockRecord <= at + length;
         record += segment::kBlockRecord) {
      const auto offset = load_le<std::uint64_t>(&index[record]);
      const auto stored = load_le<std::uint32_t>(&index[record + 24]);
      if (offset <= object.size() && stored <= object.size() - offset)
        store_le(&index[record + 8], xxh3(object.subspan(offset, stored)));
    }
    at += length;
  }
}

// A frame of zstd that holds the bytes as they are.
Bytes raw_frame(ByteView bytes) {
  Bytes frame;
  append_le<std::uint32_t>(frame, 0xfd2fb528);
  frame.push_back(0xa0);  // one segment, its size in four bytes
  append_le(frame, static_cast<std::uint32_t>(bytes.size()));
  do {
    const ByteView block = bytes.first(std::min(bytes.size(), kLargestRawBlock));
    bytes = bytes.subspan(block.size());
    const auto head = static_cast<std::uint32_t>(block.size() << 3 | (bytes.empty() ? 1 : 0));
    for (int shift = 0; shift < 24; shift += 8)
      frame.push_back(static_cast<std::uint8_t>(head >> shift));
    append(frame, block);
  } while (!bytes.empty());
  return frame;
}

}  // namespace

Bytes tighten(ByteView loose) {
  if (loose.size() < kHeaderSize + kLengthSize) return Bytes(loose.begin(), loose.end());
  segment::HeaderBytes header;
  std::copy_n(loose.begin(), kHeaderSize, header.begin());
  store_le(&header[kHashAt], xxh3(ByteView(header).first(kHashAt)));
  Bytes object(header.begin(), header.end());
  const std::size_t length = load_le<std::uint32_t>(loose.data() + kHeaderSize);
  loose = loose.subspan(kHeaderSize + kLengthSize);
  append(object, loose.first(std::min(length, loose.size())));
  loose = loose.subspan(std::min(length, loose.size()));
  Bytes index(loose.begin(), loose.end());
  hash_blocks(index, object);
  const Bytes stored = raw_frame(index);
  segment::Footer footer;
  footer.index_offset = object.size();
  footer.index_stored = static_cast<std::uint32_t>(stored.size());
  footer.index_raw = static_cast<std::uint32_t>(index.size());
  footer.index_hash = xxh3(stored);
  footer.object_size = object.size() + stored.size() + kFooterSize;
  append(object, stored);
  append(object, segment::encode_footer(header, footer));
  return object;
}

Bytes loosen(ByteView object) {
  if (object.size() < kHeaderSize + kFooterSize) return {};
  segment::HeaderBytes header;
  std::copy_n(object.begin(), kHeaderSize, header.begin());
  const auto footer = segment::decode_footer(header, object.last(kFooterSize));
  if (!footer) return {};
  Bytes index(footer->index_raw);
  if (!segment::decompress(object.subspan(footer->index_offset, footer->index_stored), {}, index))
    return {};
  Bytes loose(header.begin(), header.end());
  append_le(loose, static_cast<std::uint32_t>(footer->index_offset - kHeaderSize));
  append(loose, object.subspan(kHeaderSize, footer->index_offset - kHeaderSize));
  append(loose, index);
  return loose;
}

}  // namespace streamd::fuzz
