// The images of the open run, in the order in which they came.
#pragma once
#include <vector>

#include "segment/index.h"

namespace streamd::segment {

// Holds at most `limit` bytes of images, in pieces of memory that are allocated as needed and kept
// for the next run. Not thread safe.
class RunBuffer {
 public:
  RunBuffer(std::uint32_t page_size, std::uint64_t limit) : page_size_(page_size), limit_(limit) {}

  bool full() const { return !entries_.empty() && bytes() + page_size_ > limit_; }
  bool empty() const { return entries_.empty(); }
  std::uint64_t bytes() const { return entries_.size() * std::uint64_t{page_size_}; }
  void add(const ImageRef& ref, ByteView image);

  struct Entry {
    ImageRef ref;
    std::uint32_t slot = 0;  // arrival
  };
  // By page number, then arrival. The slots stay valid until clear.
  const std::vector<Entry>& sorted();
  ByteView image(const Entry& entry) const;
  void clear() { entries_.clear(); }

 private:
  static constexpr std::uint64_t kChunkBytes = 256 * kKiB;
  std::uint64_t per_chunk() const { return kChunkBytes / page_size_; }

  std::uint32_t page_size_;
  std::uint64_t limit_;
  std::vector<Entry> entries_;
  std::vector<Bytes> chunks_;
};

}  // namespace streamd::segment
