#include "http.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace streamd::cloud {
namespace {

constexpr std::int64_t kLongestRetryAfter = 3600;  // seconds

}  // namespace

Body body_of(std::string bytes) {
  Body body;
  body.size = bytes.size();
  body.read = [bytes = std::move(bytes)](std::uint64_t offset, void* to, std::size_t cap) {
    const std::size_t n = std::min(cap, bytes.size() - static_cast<std::size_t>(offset));
    std::memcpy(to, bytes.data() + offset, n);
    return static_cast<std::int64_t>(n);
  };
  return body;
}

std::string HttpResponse::header(const std::string& name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

std::uint64_t HttpResponse::whole_size() const {
  std::string size = header("content-length");
  const std::string range = header("content-range");
  if (const std::size_t slash = range.rfind('/'); slash != std::string::npos)
    size = range.substr(slash + 1);
  return std::strtoull(size.c_str(), nullptr, 10);
}

std::int64_t HttpResponse::retry_after_ms(std::int64_t now) const {
  const std::string text = header("retry-after");
  if (text.empty()) return 0;
  std::int64_t seconds = std::atoll(text.c_str());
  if (const std::int64_t when = from_http_date(text); when > 0) seconds = when - now;
  return std::clamp<std::int64_t>(seconds, 0, kLongestRetryAfter) * 1000;
}

std::string shown_key(const std::string& key) {
  constexpr std::size_t kMost = 120;
  return key.size() > kMost ? key.substr(0, kMost - 3) + "..." : key;
}

}  // namespace streamd::cloud
