#include "segment/page_stream.h"

#include <fmt/format.h>

#include "segment/limits.h"

namespace streamd::segment {

Result<PageStream> PageStream::create(File file, std::uint32_t page_size, int level) {
  ObjectOutput output = TRY(ObjectOutput::create(std::move(file), page_size));
  return PageStream(std::move(output), page_size, level);
}

Status PageStream::add(PageNo page, ByteView image, std::uint64_t hash) {
  const PageNo before = pages_.empty() ? PageNo() : pages_.back().page;
  if (page <= before || page == lock_page(page_size_) || image.size() != page_size_)
    return make_error(
        Code::kInternal,
        fmt::format("add page {} ({} bytes) to a snapshot after page {}: pages come in "
                    "order, whole, and without the lock page",
                    page.value, image.size(), before.value));
  images_.push_back({page, 0});
  append(raw_, image);
  pages_.push_back({page, hash});
  if (raw_.size() + page_size_ > kBlockBytes) TRY(flush());
  return {};
}

Status PageStream::flush() {
  if (images_.empty()) return {};
  TRY(output_.append_block(compressor_, 0, images_, raw_, {}, {}));
  images_.clear();
  raw_.clear();
  return {};
}

Result<SealedObject> PageStream::seal(ObjectHeader header, Index rest) {
  TRY(flush());
  header.page_size = page_size_;
  TRY(decode_header(encode_header(header)));
  rest.page_hashes = std::move(pages_);
  return output_.finish(header, std::move(rest));
}

}  // namespace streamd::segment
