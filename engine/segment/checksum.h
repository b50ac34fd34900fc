// The hash of a page and the checksum of a database: what every transaction, every object and every
// restore is proven with.
#pragma once
#include <cstdint>

#include "base/bytes.h"
#include "base/hash.h"
#include "wal/page.h"

namespace streamd::segment {

// A database's random key from the replica's marker: nobody can craft pages that cancel out.
using ChecksumKey = Strong<struct ChecksumKeyTag, std::uint64_t>;

// XXH3-64 of the page, seeded with page number XOR key, so that equal pages at different places
// hash differently. Any thread.
inline std::uint64_t page_hash(ByteView image, PageNo page, ChecksumKey key) {
  return xxh3(image, page.value ^ key.value);
}

// XOR over the hashes of all pages but the lock page. Adding and removing a page are the same
// operation, so a transaction updates it from the old and the new hash of each page it wrote.
class DatabaseChecksum {
 public:
  DatabaseChecksum() = default;
  explicit DatabaseChecksum(std::uint64_t value) : value_(value) {}
  void toggle(std::uint64_t hash) { value_ ^= hash; }
  std::uint64_t value() const { return value_; }
  bool operator==(const DatabaseChecksum&) const = default;

 private:
  std::uint64_t value_ = 0;
};

}  // namespace streamd::segment
