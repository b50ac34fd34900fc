// Small changes of an input, as damage and ill will make them. The same seed, the same changes.
#pragma once
#include <random>

#include "base/bytes.h"

namespace streamd::fuzz {

class Mutation {
 public:
  explicit Mutation(std::uint32_t seed) : random_(seed) {}
  // One to four changes: bits, bytes, numbers at their extremes, a cut, a repetition, a piece of
  // `other`.
  Bytes of(ByteView input, ByteView other);

 private:
  void change(Bytes& bytes, ByteView other);
  void set_number(Bytes& bytes);
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }
  std::mt19937 random_;
};

}  // namespace streamd::fuzz
