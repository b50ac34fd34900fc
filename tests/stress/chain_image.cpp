#include "chain_image.h"

#include <algorithm>
#include <stdexcept>

#include "base/source.h"

namespace stress {
namespace {

using namespace streamd;

class OpenObject {
 public:
  OpenObject(const ChainImage::Read& read, const std::string& key)
      : bytes_(read(key)),
        source_(bytes_),
        reader_(must(segment::ObjectReader::open(source_), key)) {}
  const segment::ObjectReader& operator*() const { return reader_; }
  const segment::ObjectReader* operator->() const { return &reader_; }

 private:
  const Bytes bytes_;
  const MemorySource source_;
  const segment::ObjectReader reader_;
};

void decode_into(const segment::ObjectReader& reader, Image& image) {
  for (std::size_t block = 0; block < reader.blocks(); ++block) {
    Bytes raw(reader.block(block).raw);
    must(reader.decode_block(block, must(reader.read_block(block), "block"), {}, raw), "block");
    std::size_t at = 0;
    for (const segment::ImageRef& ref : reader.images(block)) {
      const auto from = ByteView(raw).subspan(at, image.page_size);
      std::copy(from.begin(), from.end(), image.page(ref.page).begin());
      at += image.page_size;
    }
  }
}

}  // namespace

MutableBytes Image::page(PageNo page) {
  const std::size_t end = std::size_t{page.value} * page_size;
  if (bytes.size() < end) bytes.resize(end);
  return MutableBytes(bytes).subspan(end - page_size, page_size);
}

void Image::cut(std::uint32_t pages) {
  bytes.resize(std::size_t{pages} * page_size);
}

Image ChainImage::read_snapshot(const catalog::Snapshot& snapshot) {
  const std::string key = catalog::to_text(snapshot.key);
  const OpenObject manifest(read_, key);
  Image image;
  image.page_size = manifest->header().page_size;
  for (const segment::ManifestPart& part : manifest->index().manifest->parts)
    decode_into(*OpenObject(read_, part.key), image);
  decode_into(*manifest, image);
  image.cut(manifest->header().pages_after);
  check(image, manifest->header().checksum_after, key);
  return image;
}

void ChainImage::load(const catalog::Snapshot& snapshot) {
  image_ = read_snapshot(snapshot);
}

void ChainImage::compare(const catalog::Snapshot& snapshot) {
  if (read_snapshot(snapshot).bytes != image_.bytes)
    throw std::runtime_error("snapshot " + catalog::to_text(snapshot.key) +
                             " differs from the transactions");
}

// Decodes run after run against a scratch image, then replays the transactions one by one.
void ChainImage::apply(const catalog::Segment& segment, const std::function<void(Txid)>& moment) {
  std::map<std::uint32_t, Images> transactions;
  Image scratch = image_;
  std::vector<segment::TransactionInfo> infos;
  std::uint64_t checksum_after = 0;
  bool checksum_known = false;
  for (std::uint32_t piece = 1; piece <= segment.key.piece.count; ++piece) {
    const OpenObject object(read_, catalog::to_text(segment.piece(piece)));
    for (std::size_t first = 0; first < object->blocks();)
      first = decode_run(*object, first, scratch, transactions);
    infos = object->index().transactions;
    checksum_after = object->header().checksum_after;
    checksum_known = (object->header().flags & segment::kChecksumUnknown) == 0;
  }
  const bool all = segment.key.completeness == catalog::Completeness::kAll;
  Txid txid = segment.key.first;
  for (std::uint32_t ordinal = 0; ordinal < infos.size(); ++ordinal, txid = txid.next()) {
    for (const auto& [page, bytes] : transactions[ordinal])
      std::copy(bytes.begin(), bytes.end(), image_.page(page).begin());
    image_.cut(infos[ordinal].pages);
    moment(all ? txid : segment.key.last);
  }
  if (checksum_known) check(image_, checksum_after, catalog::to_text(segment.key));
}

std::size_t ChainImage::decode_run(const segment::ObjectReader& reader, std::size_t first,
                                   Image& scratch, std::map<std::uint32_t, Images>& transactions) {
  std::size_t end = first;
  std::vector<std::pair<segment::ImageRef, Bytes>> images;
  for (; end < reader.blocks() && reader.block(end).run == reader.block(first).run; ++end) {
    Bytes bases;
    Bytes raw(reader.block(end).raw);
    for (const PageNo page : reader.base_pages(end)) append(bases, scratch.page(page));
    must(reader.decode_block(end, must(reader.read_block(end), "block"), bases, raw), "block");
    std::size_t at = 0;
    for (const segment::ImageRef& ref : reader.images(end)) {
      images.emplace_back(ref,
                          Bytes(raw.begin() + static_cast<std::ptrdiff_t>(at),
                                raw.begin() + static_cast<std::ptrdiff_t>(at + scratch.page_size)));
      at += scratch.page_size;
    }
  }
  for (auto& [ref, bytes] : images) {
    std::copy(bytes.begin(), bytes.end(), scratch.page(ref.page).begin());
    transactions[ref.transaction].emplace_back(ref.page, std::move(bytes));
  }
  return end;
}

void ChainImage::check(Image& image, std::uint64_t wanted, const std::string& what) const {
  segment::DatabaseChecksum sum;
  const auto pages = static_cast<std::uint32_t>(image.bytes.size() / image.page_size);
  for (std::uint32_t page = 1; page <= pages; ++page)
    if (PageNo(page) != lock_page(image.page_size))
      sum.toggle(segment::page_hash(image.page(PageNo(page)), PageNo(page), key_));
  if (sum.value() != wanted) throw std::runtime_error(what + ": the database's checksum differs");
}

}  // namespace stress
