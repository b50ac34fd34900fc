// A part of the host's source with its SHA-1 behind it ("hex_digits_at_end"): read once, while it
// is sent.
#pragma once
#include <memory>
#include <streamd/driver.hpp>
#include <string>

#include "digest.h"
#include "http.h"

namespace streamd::b2 {
using namespace cloud;

inline constexpr std::size_t kSha1Digits = 40;

// Used on one thread at a time, like the source.
class HashedBody {
 public:
  // [offset, offset + size) of the source, which is borrowed.
  HashedBody(const streamd_source& source, std::uint64_t offset, std::uint64_t size)
      : source_(source), offset_(offset), size_(size) {}
  HashedBody(const HashedBody&) = delete;
  HashedBody& operator=(const HashedBody&) = delete;

  // To be sent, also more than once, each time from its beginning; borrows this.
  Body body();
  // Of what was read last; "" unless that was all of it.
  const std::string& sha1() const { return digits_; }
  std::uint64_t size() const { return size_; }

 private:
  std::int64_t read(std::uint64_t at, char* to, std::size_t cap);

  const streamd_source& source_;
  const std::uint64_t offset_, size_;
  DigestStream stream_{DigestStream::Kind::kSha1};
  std::uint64_t hashed_ = 0;
  std::string digits_;
};

}  // namespace streamd::b2
