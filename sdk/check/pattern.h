// Bytes that can be computed at any offset, so that large objects are checked without holding them.
#pragma once
#include <cstdint>
#include <string>

namespace streamd::check {

// The splitmix64 generator: the same seed gives the same numbers everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t limit) { return next() % limit; }

 private:
  std::uint64_t state_;
};

inline char pattern_byte(std::uint64_t seed, std::uint64_t offset) {
  return static_cast<char>(Random(seed ^ (offset / 8)).next() >> (8 * (offset % 8)));
}

inline std::string pattern(std::uint64_t seed, std::size_t size, std::uint64_t offset = 0) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size;) {
    const std::uint64_t at = offset + i;
    std::uint64_t word = Random(seed ^ (at / 8)).next() >> (8 * (at % 8));
    for (std::uint64_t k = at % 8; k < 8 && i < size; ++k, word >>= 8)
      bytes[i++] = static_cast<char>(word);
  }
  return bytes;
}

}  // namespace streamd::check
