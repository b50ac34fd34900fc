#include "restore/cached_pages.h"

#include <algorithm>

namespace streamd::restore {
namespace {

constexpr std::size_t kFewPages = 16;          // more at once are better written at once
constexpr std::size_t kTogether = 256 * kKiB;  // of neighbours in one write

}  // namespace

CachedPages::CachedPages(PageFile& below, std::uint32_t page_size, std::size_t bytes)
    : below_(below), page_size_(page_size), most_(std::max<std::size_t>(1, bytes / page_size)) {}

MutableBytes CachedPages::slot(std::uint32_t index) {
  return MutableBytes(images_).subspan(std::size_t{index} * page_size_, page_size_);
}

// What is here is copied; the ranges between come from below.
Status CachedPages::read(PageNo first, MutableBytes out) {
  struct Range {
    std::size_t first, end;
  };
  std::vector<Range> missing;
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < out.size() / page_size_; ++i) {
      const auto* found = slots_.find(first.value + static_cast<std::uint32_t>(i));
      if (found != nullptr) {
        const ByteView image = slot(*found);
        std::copy(image.begin(), image.end(), out.subspan(i * page_size_).begin());
      } else if (!missing.empty() && missing.back().end == i) {
        missing.back().end = i + 1;
      } else {
        missing.push_back({i, i + 1});
      }
    }
  }
  for (const Range& range : missing)
    TRY(below_.read(PageNo(first.value + static_cast<std::uint32_t>(range.first)),
                    out.subspan(range.first * page_size_, (range.end - range.first) * page_size_)));
  return {};
}

Status CachedPages::write(PageNo first, ByteView images) {
  const std::size_t count = images.size() / page_size_;
  const std::lock_guard lock(mutex_);
  const bool few = count <= std::min(kFewPages, most_);
  if (slots_.size() + (few ? count : most_ + 1) > most_) TRY(flush());
  if (!few) return below_.write(first, images);
  if (images_.empty()) images_.resize(most_ * page_size_);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t page = first.value + static_cast<std::uint32_t>(i);
    const auto* found = slots_.find(page);
    const auto index = found != nullptr ? *found : static_cast<std::uint32_t>(pages_.size());
    if (found == nullptr) {
      slots_.put(page, index);
      pages_.push_back(page);
    }
    const ByteView image = images.subspan(i * page_size_, page_size_);
    std::copy(image.begin(), image.end(), slot(index).begin());
  }
  return {};
}

// In the order of their numbers, neighbours together.
Status CachedPages::flush() {
  std::sort(pages_.begin(), pages_.end());
  for (std::size_t at = 0, end = 0; at < pages_.size(); at = end) {
    together_.clear();
    for (end = at; end < pages_.size() && pages_[end] == pages_[at] + (end - at) &&
                   together_.size() < kTogether;
         ++end)
      append(together_, slot(*slots_.find(pages_[end])));
    TRY(below_.write(PageNo(pages_[at]), together_));
  }
  pages_.clear();
  slots_.clear();
  return {};
}

Status CachedPages::cut(std::uint32_t pages) {
  const std::lock_guard lock(mutex_);
  TRY(flush());
  return below_.cut(pages);
}

}  // namespace streamd::restore
