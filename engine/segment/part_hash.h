// The content hash in a part's name.
#pragma once
#include <memory>

#include "base/bytes.h"
#include "catalog/key.h"

namespace streamd::segment {

// 128 bits of BLAKE2b over page images in order. Not thread safe.
class PartHasher {
 public:
  PartHasher();
  ~PartHasher();
  PartHasher(PartHasher&&) noexcept;
  PartHasher& operator=(PartHasher&&) noexcept;
  void update(ByteView image);
  catalog::PartHash finish();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace streamd::segment
