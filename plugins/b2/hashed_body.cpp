#include "hashed_body.h"

#include <algorithm>

namespace streamd::b2 {

Body HashedBody::body() {
  return {size_ + kSha1Digits, [this](std::uint64_t at, void* to, std::size_t cap) {
            return read(at, static_cast<char*>(to), cap);
          }};
}

std::int64_t HashedBody::read(std::uint64_t at, char* to, std::size_t cap) {
  if (at == 0) {
    if (hashed_ > 0 && digits_.empty()) stream_.finish();
    hashed_ = 0;
    digits_.clear();
  }
  if (at < size_) {
    if (at != hashed_) return -STREAMD_INTERNAL;  // libcurl rewinds to the beginning or not at all
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(cap, size_ - at));
    const std::int64_t got = source_.read_at(source_.ctx, offset_ + at, to, want);
    if (got <= 0) return got;
    stream_.add(to, static_cast<std::size_t>(got));
    hashed_ += static_cast<std::uint64_t>(got);
    return got;
  }
  if (digits_.empty()) digits_ = stream_.finish();
  const auto from = static_cast<std::size_t>(at - size_);
  const std::size_t count = std::min(cap, kSha1Digits - from);
  std::copy_n(digits_.data() + from, count, to);
  return static_cast<std::int64_t>(count);
}

}  // namespace streamd::b2
