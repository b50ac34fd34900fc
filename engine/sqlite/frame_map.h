// Page number → newest frame of the log that holds it. Open addressing, 16 bytes an entry at most;
// a log of the default soft limit needs about 1 MB.
#pragma once
#include <cstdint>
#include <vector>

#include "wal/page.h"

namespace streamd::sqlite {

class FrameMap {
 public:
  // 0 = the page is not in the log.
  std::uint32_t find(PageNo page) const;
  void put(PageNo page, std::uint32_t frame);
  void clear();
  std::size_t size() const { return used_; }
  template <class Visit>
  void for_each(Visit visit) const {  // (PageNo, frame), in no order
    for (const Entry& entry : entries_)
      if (entry.page != 0) visit(PageNo(entry.page), entry.frame);
  }

 private:
  struct Entry {
    std::uint32_t page = 0, frame = 0;  // page 0 = free
  };
  std::size_t slot_of(std::uint32_t page) const;
  void grow();
  std::vector<Entry> entries_;
  std::size_t used_ = 0;
};

}  // namespace streamd::sqlite
