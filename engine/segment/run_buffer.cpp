#include "segment/run_buffer.h"

#include <algorithm>
#include <tuple>

namespace streamd::segment {

void RunBuffer::add(const ImageRef& ref, ByteView image) {
  const std::size_t slot = entries_.size(), chunk = slot / per_chunk();
  if (chunk == chunks_.size()) chunks_.emplace_back(kChunkBytes);
  std::copy(image.begin(), image.end(),
            chunks_[chunk].begin() + static_cast<std::ptrdiff_t>(slot % per_chunk() * page_size_));
  entries_.push_back({ref, static_cast<std::uint32_t>(slot)});
}

const std::vector<RunBuffer::Entry>& RunBuffer::sorted() {
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.ref.page, a.slot) < std::tie(b.ref.page, b.slot);
  });
  return entries_;
}

ByteView RunBuffer::image(const Entry& entry) const {
  return ByteView(chunks_[entry.slot / per_chunk()])
      .subspan(entry.slot % per_chunk() * page_size_, page_size_);
}

}  // namespace streamd::segment
