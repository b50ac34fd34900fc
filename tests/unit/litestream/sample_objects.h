// Objects as Litestream writes them, made by the description of its formats: for tests that read
// them, and damage them.
#pragma once
#include <lz4.h>
#include <lz4frame.h>

#include <algorithm>
#include <map>
#include <string>

#include "litestream/crc64.h"
#include "litestream/inventory.h"
#include "memory_store.h"
#include "wal/chain.h"

constexpr std::uint32_t kPageSize = 512;

inline streamd::Bytes lz4_frame(streamd::ByteView raw) {
  LZ4F_preferences_t how{};
  how.frameInfo.blockMode = LZ4F_blockIndependent;
  how.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  streamd::Bytes out(LZ4F_compressFrameBound(raw.size(), &how));
  out.resize(LZ4F_compressFrame(out.data(), out.size(), raw.data(), raw.size(), &how));
  return out;
}

inline streamd::Bytes page_of(std::uint32_t number, std::uint8_t fill) {
  streamd::Bytes page(kPageSize, fill);
  streamd::store_be32(&page[100], number);
  if (number != 1) return page;
  const std::string magic("SQLite format 3\0", 16);
  std::copy(magic.begin(), magic.end(), page.begin());
  page[16] = kPageSize >> 8;
  page[17] = kPageSize & 0xff;
  return page;
}

// One life of the log, in segments.
class SampleLog {
 public:
  explicit SampleLog(std::uint8_t salt) {
    bytes_.resize(streamd::wal::kLogHeaderSize);
    streamd::store_be32(&bytes_[0], 0x377f0682);
    streamd::store_be32(&bytes_[4], 3007000);
    streamd::store_be32(&bytes_[8], kPageSize);
    std::fill_n(&bytes_[16], 8, salt);
    chain_ = streamd::wal::checksum({}, streamd::ByteView(bytes_).first(24), false);
    streamd::store_be32(&bytes_[24], chain_.s0);
    streamd::store_be32(&bytes_[28], chain_.s1);
  }
  void frame(const streamd::Bytes& page, std::uint32_t number, std::uint32_t pages_after) {
    streamd::Bytes raw(streamd::wal::kFrameHeaderSize);
    streamd::store_be32(&raw[0], number);
    streamd::store_be32(&raw[4], pages_after);
    std::copy_n(&bytes_[16], 8, &raw[8]);
    chain_ = streamd::wal::checksum(chain_, streamd::ByteView(raw).first(8), false);
    chain_ = streamd::wal::checksum(chain_, page, false);
    streamd::store_be32(&raw[16], chain_.s0);
    streamd::store_be32(&raw[20], chain_.s1);
    streamd::append(bytes_, raw);
    streamd::append(bytes_, page);
  }
  std::uint64_t size() const { return bytes_.size(); }
  streamd::Bytes from(std::uint64_t offset) const {
    return lz4_frame(streamd::ByteView(bytes_).subspan(offset));
  }

 private:
  streamd::Bytes bytes_;
  streamd::wal::Checksum chain_;
};

using Pages = std::map<std::uint32_t, streamd::Bytes>;

struct LtxShape {
  std::uint64_t first = 1, last = 1, milliseconds = 1000;
  std::uint32_t pages = 0;
  bool frames = false;  // as up to 0.5.15; else bare blocks with their sizes
};

inline void append_be(streamd::Bytes& out, std::uint64_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
}

inline streamd::Bytes ltx_file(const LtxShape& shape, const Pages& pages) {
  using streamd::ByteView;
  streamd::Bytes out, index;
  streamd::litestream::Crc64 sum;
  const auto add = [&](ByteView bytes) {
    streamd::append(out, bytes);
    sum.update(bytes);
  };
  streamd::Bytes header;
  append_be(header, 0x4c545831, 4);
  append_be(header, 2, 4);
  append_be(header, kPageSize, 4);
  append_be(header, shape.pages, 4);
  append_be(header, shape.first, 8);
  append_be(header, shape.last, 8);
  append_be(header, shape.milliseconds, 8);
  header.resize(100);
  add(header);
  for (const auto& [number, page] : pages) {
    const std::size_t at = out.size();
    streamd::Bytes head;
    append_be(head, number, 4);
    append_be(head, shape.frames ? 0 : 1, 2);
    add(head);
    if (shape.frames) {
      streamd::append(out, lz4_frame(page));
    } else {
      streamd::Bytes packed(static_cast<std::size_t>(LZ4_compressBound(kPageSize)));
      packed.resize(static_cast<std::size_t>(LZ4_compress_default(
          reinterpret_cast<const char*>(page.data()), reinterpret_cast<char*>(packed.data()),
          kPageSize, static_cast<int>(packed.size()))));
      streamd::Bytes size;
      append_be(size, packed.size(), 4);
      add(size);
      streamd::append(out, packed);
    }
    sum.update(page);
    streamd::append_varint(index, number);
    streamd::append_varint(index, at);
    streamd::append_varint(index, out.size() - at);
  }
  streamd::append_varint(index, 0);
  append_be(index, index.size(), 8);
  add(streamd::Bytes(6));
  add(index);
  add(streamd::Bytes(8));
  append_be(out, sum.value() | std::uint64_t{1} << 63, 8);
  return out;
}
