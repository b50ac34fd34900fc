#include "segment/coverage.h"

#include <fmt/format.h>

namespace streamd::segment {

Status Coverage::add(PageNo page) {
  if (page == PageNo() || page == lock_page_)
    return make_error(
        Code::kInternal,
        fmt::format("add page {} to a segment: no such page is ever stored", page.value));
  open_ = true;
  if (page.value > pages_) added_.add(page);
  return {};
}

void Coverage::end_transaction(std::uint32_t pages_after) {
  ++ended_;
  if (pages_after > pages_) {
    added_.add_range(lock_page_, 1);
    if (const auto missing = added_.first_missing(PageNo(pages_ + 1), PageNo(pages_after));
        missing && failure_.empty())
      failure_ = fmt::format(
          "transaction {} of the segment grows the database from {} to {} pages "
          "without bringing page {}",
          ended_, pages_, pages_after, missing->value);
  }
  if (pages_after == 0 && failure_.empty())
    failure_ = fmt::format("transaction {} of the segment leaves a database of no pages", ended_);
  pages_ = pages_after;
  added_.clear();
  open_ = false;
}

Status Coverage::proven() const {
  if (failure_.empty()) return {};
  return make_error(Code::kInternal, "seal a segment: it could not be restored: " + failure_,
                    "this is a bug in streamd; the capture starts over with a delta");
}

}  // namespace streamd::segment
