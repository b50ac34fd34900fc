// Which version of a file this instance has stored last: putting over it makes one too many.
#pragma once
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "reply.h"

namespace streamd::b2 {

// Remembers a bounded number of names, the latest. Any thread.
class NewestVersions {
 public:
  // What `stored` has replaced and is to be removed, if that is known. Never the newest.
  std::optional<FileVersion> replace(const std::string& name, const FileVersion& stored) {
    const std::lock_guard lock(mutex_);
    const auto [at, is_new] = known_.try_emplace(name, stored);
    if (is_new) {
      order_.push_back(name);
      if (order_.size() > kMost) {
        known_.erase(order_.front());
        order_.pop_front();
      }
      return std::nullopt;
    }
    FileVersion other = at->second;
    if (other.timestamp_ms == stored.timestamp_ms || other.id == stored.id) return std::nullopt;
    if (other.timestamp_ms > stored.timestamp_ms) return stored;  // puts that met
    at->second = stored;
    return other;
  }

 private:
  static constexpr std::size_t kMost = 512;
  std::mutex mutex_;
  std::map<std::string, FileVersion> known_;
  std::deque<std::string> order_;
};

}  // namespace streamd::b2
