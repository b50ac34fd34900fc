// Writes an object's blocks one after the other, then its index, footer and header.
#pragma once
#include "base/file.h"
#include "segment/codec.h"
#include "segment/writer.h"

namespace streamd::segment {

// Not thread safe.
class ObjectOutput {
 public:
  // Takes the file, which must be empty (kInternal).
  static Result<ObjectOutput> create(File file, std::uint32_t page_size);

  // Compresses `raw`, the concatenated images, with `bases` as prefix, and writes the block. It is
  // stored as it is, without bases, where compression gains nothing.
  Status append_block(Compressor& compressor, std::uint32_t run, std::span<const ImageRef> images,
                      ByteView raw, std::span<const PageNo> base_pages, ByteView bases);
  // Copies a block of another object; run and ordinals are the new ones.
  Status append_stored(const Block& block, ByteView stored, std::span<const ImageRef> images,
                       std::span<const PageNo> base_pages);

  const Index& index() const { return index_; }
  std::uint64_t raw_bytes() const { return index_.images.size() * std::uint64_t{page_size_}; }
  std::uint64_t stored_bytes() const { return end_ - kHeaderSize; }

  // What the index has besides blocks and images comes in `rest`. The header goes in last, so an
  // interrupted object does not even begin like one. The output is used up.
  Result<SealedObject> finish(const ObjectHeader& header, Index rest);

 private:
  ObjectOutput(File file, std::uint32_t page_size)
      : file_(std::move(file)), page_size_(page_size) {}
  File file_;
  std::uint32_t page_size_;
  std::uint64_t end_ = kHeaderSize;
  Index index_;
};

}  // namespace streamd::segment
