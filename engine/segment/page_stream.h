// Pages in ascending order as blocks that stand alone: the body of a part or a manifest.
#pragma once
#include "segment/object_output.h"

namespace streamd::segment {

// Not thread safe. Memory: one block.
class PageStream {
 public:
  static Result<PageStream> create(File file, std::uint32_t page_size, int level);
  // kInternal when the page is not above the one before, or can never be stored.
  Status add(PageNo page, ByteView image, std::uint64_t hash);
  std::uint64_t raw_bytes() const { return output_.raw_bytes() + raw_.size(); }
  const std::vector<PageHash>& pages() const { return pages_; }
  // Kind and piece are the caller's; page size is filled in.
  Result<SealedObject> seal(ObjectHeader header, Index rest);

 private:
  PageStream(ObjectOutput output, std::uint32_t page_size, int level)
      : output_(std::move(output)), compressor_(level, Content::kAlone), page_size_(page_size) {}
  Status flush();

  ObjectOutput output_;
  Compressor compressor_;
  std::uint32_t page_size_;
  std::vector<ImageRef> images_;
  Bytes raw_;
  std::vector<PageHash> pages_;
};

}  // namespace streamd::segment
