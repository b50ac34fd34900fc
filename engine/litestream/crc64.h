// CRC-64/ISO as LTX files use it: reflected, all ones before and after.
#pragma once
#include <cstdint>

#include "base/bytes.h"

namespace streamd::litestream {

class Crc64 {
 public:
  void update(ByteView bytes);
  std::uint64_t value() const { return ~state_; }

 private:
  std::uint64_t state_ = ~std::uint64_t{0};
};

}  // namespace streamd::litestream
