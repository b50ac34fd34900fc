#include "segment/page_set.h"

#include <algorithm>
#include <iterator>

namespace streamd::segment {

void PageSet::add_range(PageNo first, std::uint32_t count) {
  std::uint64_t begin = first.value, end = begin + count;
  if (begin == end) return;
  auto at = ranges_.upper_bound(begin);
  if (at != ranges_.begin() && std::prev(at)->second >= begin) --at;
  while (at != ranges_.end() && at->first <= end) {
    begin = std::min(begin, at->first);
    end = std::max(end, at->second);
    at = ranges_.erase(at);
  }
  ranges_.emplace_hint(at, begin, end);
}

bool PageSet::contains(PageNo page) const {
  return !first_missing(page, page);
}

std::optional<PageNo> PageSet::first_missing(PageNo first, PageNo last) const {
  std::uint64_t page = first.value;
  const auto at = ranges_.upper_bound(page);
  if (at != ranges_.begin()) page = std::max(page, std::prev(at)->second);
  if (page > last.value) return std::nullopt;
  return PageNo(static_cast<std::uint32_t>(page));
}

}  // namespace streamd::segment
