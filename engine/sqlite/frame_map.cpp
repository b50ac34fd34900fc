#include "sqlite/frame_map.h"

namespace streamd::sqlite {

std::size_t FrameMap::slot_of(std::uint32_t page) const {
  const std::size_t mask = entries_.size() - 1;
  std::size_t slot = (page * 0x9E3779B1u) & mask;
  while (entries_[slot].page != 0 && entries_[slot].page != page) slot = (slot + 1) & mask;
  return slot;
}

std::uint32_t FrameMap::find(PageNo page) const {
  return entries_.empty() ? 0 : entries_[slot_of(page.value)].frame;
}

void FrameMap::put(PageNo page, std::uint32_t frame) {
  if ((used_ + 1) * 2 > entries_.size()) grow();
  Entry& entry = entries_[slot_of(page.value)];
  if (entry.page == 0) ++used_;
  entry = {page.value, frame};
}

void FrameMap::clear() {
  entries_.clear();
  entries_.shrink_to_fit();  // an idle database keeps nothing
  used_ = 0;
}

void FrameMap::grow() {
  std::vector<Entry> old(entries_.empty() ? 64 : entries_.size() * 2);
  old.swap(entries_);
  for (const Entry& entry : old)
    if (entry.page != 0) entries_[slot_of(entry.page)] = entry;
}

}  // namespace streamd::sqlite
