// XXH3, seeded: integrity against accidents, and the page hashes of the database checksum.
#pragma once
#include <cstdint>

#include "base/bytes.h"

namespace streamd {

std::uint64_t xxh3(ByteView bytes, std::uint64_t seed = 0);

// The same hash over bytes that arrive in pieces.
class Xxh3Stream {
 public:
  Xxh3Stream();
  ~Xxh3Stream();
  Xxh3Stream(const Xxh3Stream&) = delete;
  Xxh3Stream& operator=(const Xxh3Stream&) = delete;
  void update(ByteView bytes);
  std::uint64_t digest() const;

 private:
  void* state_;
};

void random_bytes(MutableBytes out);  // from the kernel; never fails
std::uint64_t random_u64();

}  // namespace streamd
