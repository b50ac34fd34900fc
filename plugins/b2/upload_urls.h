// Upload URLs of an instance. Each serves one upload at a time, and is of use until one fails.
#pragma once
#include <mutex>
#include <optional>
#include <vector>

#include "reply.h"

namespace streamd::b2 {

// Those that nobody uses at the moment. Any thread.
class UploadUrls {
 public:
  // Given back last first: of the others some may have become too old.
  std::optional<UploadUrl> take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::nullopt;
    UploadUrl url = std::move(idle_.back());
    idle_.pop_back();
    return url;
  }
  // After a success; a URL that failed is dropped instead.
  void give_back(UploadUrl url) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kMost) idle_.push_back(std::move(url));
  }
  std::size_t idle() const {
    const std::lock_guard lock(mutex_);
    return idle_.size();
  }

 private:
  static constexpr std::size_t kMost = 64;
  mutable std::mutex mutex_;
  std::vector<UploadUrl> idle_;
};

}  // namespace streamd::b2
