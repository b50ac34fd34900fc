// A small generator whose sequence a seed fixes for ever (unlike the standard library's
// distributions).
#pragma once
#include <cstddef>
#include <cstdint>

namespace stress {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ull + 1) {
    for (int i = 0; i < 8; ++i) next();  // small seeds differ in few bits
  }
  std::uint32_t below(std::uint32_t limit) { return next() % limit; }  // 0 .. limit - 1
  bool one_in(std::uint32_t n) { return below(n) == 0; }
  template <class T, std::size_t n>
  const T& pick(const T (&choices)[n]) {
    return choices[below(static_cast<std::uint32_t>(n))];
  }

 private:
  std::uint32_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<std::uint32_t>(state_ >> 16);
  }
  std::uint64_t state_;
};

}  // namespace stress
