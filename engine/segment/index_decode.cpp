#include <fmt/format.h>

#include <array>

#include "segment/index.h"
#include "segment/limits.h"
#include "segment/sections.h"

namespace streamd::segment {
namespace {

Error damaged(std::string_view why) {
  return make_error(Code::kCorrupt, fmt::format("read an object's index: {}", why));
}

// The body of each known section; empty optional = absent.
using Sections = std::array<std::optional<ByteView>, 7>;

Result<Sections> split(ByteView raw) {
  Sections sections;
  ByteReader in(raw);
  while (!in.at_end()) {
    const auto type = in.le<std::uint16_t>();
    in.le<std::uint16_t>();  // reserved
    const ByteView body = in.take(in.le<std::uint32_t>());
    if (!in.ok()) return damaged("a section is longer than the index");
    const std::uint16_t number = type & static_cast<std::uint16_t>(~kMustUnderstand);
    if (number == 0 || number >= sections.size()) {
      if ((type & kMustUnderstand) != 0)
        return make_error(
            Code::kUnsupported,
            fmt::format("read an object's index: section {} is unknown to this release", number),
            "upgrade streamd on this machine");
      continue;
    }
    if (sections[number]) return damaged("a section appears twice");
    sections[number] = body;
  }
  return sections;
}

class Decoder {
 public:
  Decoder(const ObjectHeader& header, std::uint64_t blocks_end)
      : header_(header), blocks_end_(blocks_end) {}

  Status blocks(ByteView body);
  Status images(ByteView body);
  Status page_hashes(ByteView body);
  Status transactions(ByteView body);
  Status manifest(ByteView body);
  Status position(ByteView body);
  Status whole() const;
  Index take() { return std::move(index_); }

 private:
  Status check_block(const Block& block, std::uint64_t offset) const;
  Status block_images(ByteReader& in, Block& block);
  Status item(ByteReader& in, std::size_t room, std::uint64_t& next_page, std::int64_t& ordinal);
  Status block_bases(ByteReader& in, Block& block);
  bool ordinal_exists(std::int64_t ordinal) const;

  const ObjectHeader& header_;
  const std::uint64_t blocks_end_;
  Index index_;
};

Status Decoder::check_block(const Block& block, std::uint64_t offset) const {
  if (block.offset != offset || block.stored == 0 || block.stored > blocks_end_ - offset)
    return damaged("a block lies outside the object");
  if (block.raw == 0 || block.raw > kMaxBlockBytes || block.raw % header_.page_size != 0)
    return damaged("a block has an impossible length");
  if (block.encoding == Encoding::kRaw && block.stored != block.raw)
    return damaged("an uncompressed block has two lengths");
  if (block.stored > block.raw) return damaged("a compressed block is longer than its content");
  const std::uint32_t run = index_.blocks.empty() ? 0 : index_.blocks.back().run;
  if (block.run != run && (index_.blocks.empty() || block.run != run + 1))
    return damaged("the runs are not in order");
  return {};
}

Status Decoder::blocks(ByteView body) {
  if (body.size() % kBlockRecord != 0) return damaged("half a block");
  ByteReader in(body);
  index_.blocks.reserve(body.size() / kBlockRecord);
  std::uint64_t offset = kHeaderSize;
  while (!in.at_end()) {
    Block block;
    block.offset = in.le<std::uint64_t>();
    block.stored_hash = in.le<std::uint64_t>();
    block.bases_hash = in.le<std::uint64_t>();
    block.stored = in.le<std::uint32_t>();
    block.raw = in.le<std::uint32_t>();
    block.run = in.le<std::uint32_t>();
    const auto dictionary = in.le<std::uint32_t>();
    const auto encoding = in.le<std::uint32_t>();
    if (dictionary != 0 || encoding > static_cast<std::uint32_t>(Encoding::kZstdPrefix))
      return make_error(Code::kUnsupported,
                        "read an object's index: a block has an encoding unknown to this release",
                        "upgrade streamd on this machine");
    block.encoding = static_cast<Encoding>(encoding);
    TRY(check_block(block, offset));
    offset += block.stored;
    index_.blocks.push_back(block);
  }
  if (offset != blocks_end_) return damaged("the blocks do not fill the object");
  return {};
}

bool Decoder::ordinal_exists(std::int64_t ordinal) const {
  if (ordinal < 0 || ordinal > UINT32_MAX) return false;
  const std::uint64_t last =
      header_.completeness == Completeness::kAll ? header_.last.value - header_.first.value : 0;
  return static_cast<std::uint64_t>(ordinal) <= last;
}

// Consecutive pages of one transaction, or several images of one page (docs/formats/object.md).
Status Decoder::item(ByteReader& in, std::size_t room, std::uint64_t& next_page,
                     std::int64_t& ordinal) {
  const std::uint64_t skip = in.varint(), tag = in.varint();
  const bool one_page = (tag & 1) != 0;
  const std::uint64_t more = tag >> 1;
  if (skip > UINT32_MAX || more >= room || (one_page && more == 0))
    return damaged("a block lists more images than it holds");
  const std::uint64_t first = next_page + skip, last = one_page ? first : first + more;
  if (last > UINT32_MAX) return damaged("an image has an impossible page number");
  const std::uint64_t change = in.varint();
  if (change > 2ull * UINT32_MAX) return damaged("an image belongs to no transaction");
  ordinal += unzigzag(change);
  for (std::uint64_t i = 0; i <= more; ++i) {
    if (one_page && i > 0) {
      const std::uint64_t later = in.varint();
      if (later > UINT32_MAX) return damaged("an image belongs to no transaction");
      ordinal += static_cast<std::int64_t>(later);
    }
    const PageNo page(static_cast<std::uint32_t>(one_page ? first : first + i));
    if (page == lock_page(header_.page_size)) return damaged("it holds the lock page");
    if (!ordinal_exists(ordinal)) return damaged("an image belongs to no transaction");
    index_.images.push_back({page, static_cast<std::uint32_t>(ordinal)});
  }
  next_page = last + 1;
  return {};
}

Status Decoder::block_images(ByteReader& in, Block& block) {
  block.first_image = static_cast<std::uint32_t>(index_.images.size());
  block.images = block.raw / header_.page_size;
  if (block.images > kMaxImages - index_.images.size()) return damaged("too many images");
  const std::size_t end = index_.images.size() + block.images;
  std::uint64_t next_page = 1;
  std::int64_t ordinal = 0;
  while (index_.images.size() < end) {
    TRY(item(in, end - index_.images.size(), next_page, ordinal));
    if (!in.ok()) return damaged("the list of images ends too early");
  }
  return {};
}

Status Decoder::block_bases(ByteReader& in, Block& block) {
  block.first_base = static_cast<std::uint32_t>(index_.bases.size());
  if (block.encoding != Encoding::kZstdPrefix) return {};
  const auto images = index_.images_of(block);
  const std::uint64_t without = in.varint();
  if (without >= images.size()) return damaged("a block has no bases where it needs some");
  std::uint64_t left = without, next = left > 0 ? in.varint() : 0, distinct = 0;
  for (std::size_t at = 0; at < images.size(); ++at) {
    if (at > 0 && images[at].page == images[at - 1].page) continue;
    if (left > 0 && distinct == next) {
      if (--left > 0) next = std::min<std::uint64_t>(in.varint(), UINT32_MAX) + distinct + 1;
    } else {
      index_.bases.push_back(images[at].page);
    }
    ++distinct;
  }
  block.bases = static_cast<std::uint32_t>(index_.bases.size()) - block.first_base;
  if (left > 0 || block.bases == 0 || !in.ok()) return damaged("the list of bases is damaged");
  return {};
}

Status Decoder::images(ByteView body) {
  ByteReader in(body);
  for (Block& block : index_.blocks) {
    TRY(block_images(in, block));
    TRY(block_bases(in, block));
  }
  if (!in.at_end()) return damaged("the list of images is too long");
  return {};
}

Status Decoder::page_hashes(ByteView body) {
  ByteReader in(body);
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > in.remaining() / kMinPageHash)
    return damaged("the page hashes are cut short");
  index_.page_hashes.reserve(count);
  std::uint64_t next_page = 1;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t skip = in.varint();
    if (skip > UINT32_MAX - next_page) return damaged("a page hash has an impossible page number");
    const auto page = static_cast<std::uint32_t>(next_page + skip);
    index_.page_hashes.push_back({PageNo(page), 0});
    next_page = std::uint64_t{page} + 1;
    if (page == UINT32_MAX && i + 1 < count) return damaged("page hashes past the last page");
  }
  for (PageHash& page : index_.page_hashes) page.hash = in.le<std::uint64_t>();
  if (!in.ok() || !in.at_end()) return damaged("the page hashes have the wrong length");
  return {};
}

Micros minus(Micros later, std::uint64_t change) {
  return static_cast<Micros>(static_cast<std::uint64_t>(later) -
                             static_cast<std::uint64_t>(unzigzag(change)));
}

Status Decoder::transactions(ByteView body) {
  ByteReader in(body);
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > in.remaining() / kMinTransaction)
    return damaged("the transactions are cut short");
  index_.transactions.reserve(count);
  Micros seen = header_.first_seen;
  std::uint64_t pages = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    TransactionInfo transaction;
    seen = static_cast<Micros>(static_cast<std::uint64_t>(seen) +
                               static_cast<std::uint64_t>(unzigzag(in.varint())));
    transaction.seen = seen;
    transaction.not_before = minus(seen, in.varint());
    pages += static_cast<std::uint64_t>(unzigzag(in.varint()));
    if (pages == 0 || pages > UINT32_MAX) return damaged("a transaction has an impossible size");
    transaction.pages = static_cast<std::uint32_t>(pages);
    transaction.checksum = in.le<std::uint64_t>();
    index_.transactions.push_back(transaction);
  }
  if (!in.ok() || !in.at_end()) return damaged("the transactions have the wrong length");
  return {};
}

Status Decoder::manifest(ByteView body) {
  ByteReader in(body);
  Manifest manifest;
  manifest.uid = in.le<std::uint32_t>();
  manifest.gid = in.le<std::uint32_t>();
  manifest.mode = in.le<std::uint32_t>();
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > in.remaining() / kMinManifestPart)
    return damaged("the list of parts is cut short");
  for (std::uint64_t i = 0; i < count; ++i) {
    ManifestPart part;
    part.key = as_text(in.take(in.varint()));
    part.bytes = in.varint();
    const std::uint64_t pages = in.varint();
    const catalog::Key parsed = catalog::parse_key(part.key);
    const auto* key = std::get_if<catalog::PartKey>(&parsed);
    if (key == nullptr) return damaged("a manifest names something that is no part");
    if (pages == 0 || pages > UINT32_MAX)  // 0 also where the list was cut short
      return damaged("a part has an impossible length");
    part.first_page = key->first_page;
    part.pages = static_cast<std::uint32_t>(pages);
    manifest.parts.push_back(std::move(part));
  }
  if (!in.at_end()) return damaged("the list of parts has the wrong length");
  index_.manifest = std::move(manifest);
  return {};
}

Status Decoder::position(ByteView body) {
  ByteReader in(body);
  const wal::Position position = wal::read_position(in);
  if (!in.ok() || !in.at_end()) return damaged("the capture position has the wrong length");
  index_.position = position;
  return {};
}

// What the header promises must be there.
Status Decoder::whole() const {
  if ((header_.kind == Kind::kManifest) != index_.manifest.has_value())
    return damaged("a list of parts is missing, or is where none belongs");
  std::uint64_t transactions = 0;
  if (header_.kind == Kind::kSegment && header_.last_piece())
    transactions = header_.completeness == Completeness::kAll
                       ? header_.last.value - header_.first.value + 1
                       : 1;
  if (index_.transactions.size() != transactions)
    return damaged("the number of transactions does not match the range");
  return {};
}

}  // namespace

Result<Index> decode_index(const ObjectHeader& header, ByteView raw, std::uint64_t blocks_end) {
  const Sections sections = TRY(split(raw));
  const auto body = [&](Section section) { return sections[static_cast<std::size_t>(section)]; };
  if (!body(Section::kBlocks) || !body(Section::kImages)) return damaged("a section is missing");
  Decoder decoder(header, blocks_end);
  TRY(decoder.blocks(*body(Section::kBlocks)));
  TRY(decoder.images(*body(Section::kImages)));
  if (const auto hashes = body(Section::kPageHashes)) TRY(decoder.page_hashes(*hashes));
  if (const auto transactions = body(Section::kTransactions))
    TRY(decoder.transactions(*transactions));
  if (const auto manifest = body(Section::kManifest)) TRY(decoder.manifest(*manifest));
  if (const auto position = body(Section::kPosition)) TRY(decoder.position(*position));
  TRY(decoder.whole());
  return decoder.take();
}

}  // namespace streamd::segment
