// Which pages the objects sent to a replica touched since its newest snapshot or `last` object, as
// far as this life saw all of them. Any thread.
#pragma once
#include <mutex>

#include "state/changed_pages.h"

namespace streamd::replicate {

class ChangedRange {
 public:
  // An object was sent; in order. `begins`: what came before it belongs to a snapshot or a `last`
  // object. What does not continue the range ends it.
  void add(const state::SpoolObject& object, bool begins);

  struct View {
    state::ChangedPages pages;
    Micros seen = 0;          // when the first transaction of the range was seen
    std::uint64_t bytes = 0;  // of the objects
  };
  View view() const;
  std::uint64_t bytes() const;  // 0 without a range

 private:
  mutable std::mutex mutex_;
  View range_;
  bool open_ = false;
};

}  // namespace streamd::replicate
