// What the story of a seed draws from. Its own sequence, apart from the scheduler's.
#pragma once
#include <cstddef>
#include <cstdint>

namespace simulation {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed ^ 0xD1B54A32D192ED03ull) {}
  std::uint64_t bits() {  // splitmix64
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  std::uint32_t below(std::uint64_t limit) { return static_cast<std::uint32_t>(bits() % limit); }
  std::uint32_t between(std::uint32_t low, std::uint32_t high) {  // both included
    return low + below(std::uint64_t{high} - low + 1);
  }
  bool one_in(std::uint32_t n) { return below(n) == 0; }
  bool percent(std::uint32_t chance) { return below(100) < chance; }

 private:
  std::uint64_t state_;
};

}  // namespace simulation
