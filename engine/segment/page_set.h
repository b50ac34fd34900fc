// A set of page numbers that costs little while they lie together.
#pragma once
#include <cstdint>
#include <map>
#include <optional>

#include "wal/page.h"

namespace streamd::segment {

class PageSet {
 public:
  void add(PageNo page) { add_range(page, 1); }
  void add_range(PageNo first, std::uint32_t count);
  bool contains(PageNo page) const;
  void clear() { ranges_.clear(); }
  // The lowest page of [first, last] that is not in the set.
  std::optional<PageNo> first_missing(PageNo first, PageNo last) const;

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;  // first → one past the last; disjoint, apart
};

}  // namespace streamd::segment
