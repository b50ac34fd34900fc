#include "segment/object_output.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "segment/limits.h"

namespace streamd::segment {
namespace {

constexpr int kIndexLevel = 3;

}  // namespace

Result<ObjectOutput> ObjectOutput::create(File file, std::uint32_t page_size) {
  if (!valid_page_size(page_size))
    return make_error(Code::kInternal,
                      fmt::format("begin an object: {} is not a page size", page_size));
  if (TRY(file.size()) != 0)
    return make_error(Code::kInternal, "begin an object: " + file.path() + " is not empty");
  return ObjectOutput(std::move(file), page_size);
}

Status ObjectOutput::append_block(Compressor& compressor, std::uint32_t run,
                                  std::span<const ImageRef> images, ByteView raw,
                                  std::span<const PageNo> base_pages, ByteView bases) {
  ByteView stored = TRY(compressor.compress(raw, bases));
  Block block;
  block.encoding = bases.empty() ? Encoding::kZstd : Encoding::kZstdPrefix;
  if (stored.size() >= raw.size()) {
    stored = raw;
    block.encoding = Encoding::kRaw;
    base_pages = {};
  }
  if (block.encoding == Encoding::kZstdPrefix) block.bases_hash = xxh3(bases);
  block.raw = static_cast<std::uint32_t>(raw.size());
  block.run = run;
  block.stored_hash = xxh3(stored);
  return append_stored(block, stored, images, base_pages);
}

Status ObjectOutput::append_stored(const Block& block, ByteView stored,
                                   std::span<const ImageRef> images,
                                   std::span<const PageNo> base_pages) {
  TRY(file_.write_at(end_, stored));
  Block placed = block;
  placed.offset = end_;
  placed.stored = static_cast<std::uint32_t>(stored.size());
  placed.first_image = static_cast<std::uint32_t>(index_.images.size());
  placed.images = static_cast<std::uint32_t>(images.size());
  placed.first_base = static_cast<std::uint32_t>(index_.bases.size());
  placed.bases = static_cast<std::uint32_t>(base_pages.size());
  index_.blocks.push_back(placed);
  index_.images.insert(index_.images.end(), images.begin(), images.end());
  index_.bases.insert(index_.bases.end(), base_pages.begin(), base_pages.end());
  end_ += stored.size();
  return {};
}

Result<SealedObject> ObjectOutput::finish(const ObjectHeader& header, Index rest) {
  rest.blocks = std::move(index_.blocks);
  rest.images = std::move(index_.images);
  rest.bases = std::move(index_.bases);
  const Bytes raw = TRY(encode_index(header, rest));
  Compressor compressor(kIndexLevel);
  const ByteView stored = TRY(compressor.compress(raw, {}));
  const Footer footer{.index_offset = end_,
                      .index_stored = static_cast<std::uint32_t>(stored.size()),
                      .index_raw = static_cast<std::uint32_t>(raw.size()),
                      .index_hash = xxh3(stored),
                      .object_size = end_ + stored.size() + kFooterSize};
  const HeaderBytes head = encode_header(header);
  Bytes tail(stored.begin(), stored.end());
  append(tail, encode_footer(head, footer));
  TRY(file_.write_at(end_, tail));
  TRY(file_.write_at(0, head));
  return SealedObject{std::move(file_), footer.object_size, object_hash(head, footer), header};
}

Result<std::uint64_t> rewrite_header(File& file, const ObjectHeader& header) {
  const std::uint64_t size = TRY(file.size());
  if (size < kHeaderSize + kFooterSize)
    return make_error(Code::kCorrupt, "rewrite a header: " + file.path() + " is no object");
  HeaderBytes old_head;
  FooterBytes old_foot;
  TRY(file.read_at(0, old_head));
  TRY(file.read_at(size - kFooterSize, old_foot));
  const ObjectHeader old = TRY(decode_header(old_head));
  const Footer footer = TRY(decode_footer(old_head, old_foot));
  if (old.kind != header.kind || old.page_size != header.page_size)
    return make_error(Code::kInternal,
                      "rewrite a header: kind and page size of an object cannot change");
  const HeaderBytes head = encode_header(header);
  TRY(decode_header(head));
  TRY(file.write_at(0, head));
  TRY(file.write_at(size - kFooterSize, encode_footer(head, footer)));
  return object_hash(head, footer);
}

}  // namespace streamd::segment
