#include <fmt/format.h>

#include "segment/index.h"
#include "segment/limits.h"
#include "segment/sections.h"

namespace streamd::segment {
namespace {

void append_section(Bytes& out, Section section, bool must_understand, const Bytes& body) {
  const auto type = static_cast<std::uint16_t>(section);
  append_le(out, static_cast<std::uint16_t>(type | (must_understand ? kMustUnderstand : 0)));
  append_le(out, std::uint16_t{0});
  append_le(out, static_cast<std::uint32_t>(body.size()));
  append(out, body);
}

Bytes blocks_section(const Index& index) {
  Bytes out;
  out.reserve(index.blocks.size() * kBlockRecord);
  for (const Block& block : index.blocks) {
    append_le(out, block.offset);
    append_le(out, block.stored_hash);
    append_le(out, block.bases_hash);
    append_le(out, block.stored);
    append_le(out, block.raw);
    append_le(out, block.run);
    append_le(out, std::uint32_t{0});  // dictionary
    append_le(out, static_cast<std::uint32_t>(block.encoding));
  }
  return out;
}

// How many images from `at` on belong to the same page.
std::size_t same_page(std::span<const ImageRef> images, std::size_t at) {
  std::size_t end = at + 1;
  while (end < images.size() && images[end].page == images[at].page) ++end;
  return end - at;
}

// How many pages from `at` on follow each other with one image each, all of one transaction.
std::size_t consecutive(std::span<const ImageRef> images, std::size_t at) {
  std::size_t end = at;
  do {
    ++end;
  } while (end < images.size() && images[end].page == images[end - 1].page.next() &&
           images[end].transaction == images[at].transaction && same_page(images, end) == 1);
  return end - at;
}

void append_images(Bytes& out, std::span<const ImageRef> images) {
  std::uint32_t next_page = 1, ordinal = 0;
  for (std::size_t at = 0; at < images.size();) {
    const ImageRef& first = images[at];
    const std::size_t versions = same_page(images, at);
    const std::size_t count = versions > 1 ? versions : consecutive(images, at);
    append_varint(out, first.page.value - next_page);
    append_varint(out, (count - 1) << 1 | (versions > 1 ? 1 : 0));
    append_varint(out, zigzag(std::int64_t{first.transaction} - ordinal));
    for (std::size_t i = 1; i < versions; ++i)
      append_varint(out, images[at + i].transaction - images[at + i - 1].transaction);
    at += count;
    next_page = images[at - 1].page.value + 1;
    ordinal = images[at - 1].transaction;
  }
}

// Among the block's distinct pages, counted from 0, those that have no base.
void append_without_base(Bytes& out, std::span<const ImageRef> images,
                         std::span<const PageNo> bases) {
  Bytes list;
  std::uint32_t count = 0, distinct = 0, next = 0;
  std::size_t base = 0;
  for (std::size_t at = 0; at < images.size(); at += same_page(images, at), ++distinct) {
    if (base < bases.size() && bases[base] == images[at].page) {
      ++base;
      continue;
    }
    append_varint(list, distinct - next);
    next = distinct + 1;
    ++count;
  }
  append_varint(out, count);
  append(out, list);
}

Bytes images_section(const Index& index) {
  Bytes out;
  for (const Block& block : index.blocks) {
    append_images(out, index.images_of(block));
    if (block.encoding == Encoding::kZstdPrefix)
      append_without_base(out, index.images_of(block), index.bases_of(block));
  }
  return out;
}

Bytes page_hashes_section(const Index& index) {
  Bytes out;
  append_varint(out, index.page_hashes.size());
  std::uint32_t next_page = 1;
  for (const PageHash& page : index.page_hashes) {
    append_varint(out, page.page.value - next_page);
    next_page = page.page.value + 1;
  }
  for (const PageHash& page : index.page_hashes) append_le(out, page.hash);
  return out;
}

// Clocks may be anything: differences wrap.
std::uint64_t difference(Micros later, Micros earlier) {
  return zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(later) -
                                          static_cast<std::uint64_t>(earlier)));
}

Bytes transactions_section(const ObjectHeader& header, const Index& index) {
  Bytes out;
  append_varint(out, index.transactions.size());
  Micros seen = header.first_seen;
  std::uint32_t pages = 0;
  for (const TransactionInfo& transaction : index.transactions) {
    append_varint(out, difference(transaction.seen, seen));
    append_varint(out, difference(transaction.seen, transaction.not_before));
    append_varint(out, zigzag(std::int64_t{transaction.pages} - pages));
    append_le(out, transaction.checksum);
    seen = transaction.seen;
    pages = transaction.pages;
  }
  return out;
}

Bytes manifest_section(const Manifest& manifest) {
  Bytes out;
  append_le(out, manifest.uid);
  append_le(out, manifest.gid);
  append_le(out, manifest.mode);
  append_varint(out, manifest.parts.size());
  for (const ManifestPart& part : manifest.parts) {
    append_varint(out, part.key.size());
    append(out, as_bytes(part.key));
    append_varint(out, part.bytes);
    append_varint(out, part.pages);
  }
  return out;
}

}  // namespace

Result<Bytes> encode_index(const ObjectHeader& header, const Index& index) {
  if (index.images.size() > kMaxImages)
    return make_error(Code::kInternal,
                      fmt::format("write an object's index: {} page images, {} are the limit",
                                  index.images.size(), kMaxImages));
  Bytes out;
  append_section(out, Section::kBlocks, true, blocks_section(index));
  append_section(out, Section::kImages, true, images_section(index));
  append_section(out, Section::kPageHashes, false, page_hashes_section(index));
  if (!index.transactions.empty())
    append_section(out, Section::kTransactions, true, transactions_section(header, index));
  if (index.manifest)
    append_section(out, Section::kManifest, true, manifest_section(*index.manifest));
  if (index.position) {
    Bytes body;
    wal::append_position(body, *index.position);
    append_section(out, Section::kPosition, false, body);
  }
  // GCOVR_EXCL_START: a test would need half a gigabyte of memory
  if (out.size() > kMaxIndexBytes)
    return make_error(Code::kInternal,
                      fmt::format("write an object's index: {} bytes, {} are the limit", out.size(),
                                  kMaxIndexBytes));
  // GCOVR_EXCL_STOP
  return out;
}

}  // namespace streamd::segment
