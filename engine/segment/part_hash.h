// The content hash in a part's name.
#pragma once
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "catalog/key.h"

namespace streamd::segment {

// 128 bits of BLAKE2b over the pages' hashes in order, 8 bytes each, little-endian. A page hash is
// keyed with a number that only this database's replicas know (segment/checksum.h), and the name
// says generation, range and moment besides, so no second content can be made to fit. Not thread
// safe.
class PartHasher {
 public:
  PartHasher();
  ~PartHasher();
  PartHasher(PartHasher&&) noexcept;
  PartHasher& operator=(PartHasher&&) noexcept;
  void update(std::uint64_t page_hash);
  catalog::PartHash finish();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace streamd::segment
