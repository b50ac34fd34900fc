#include "litestream/crc64.h"

#include <array>

namespace streamd::litestream {
namespace {

constexpr std::uint64_t kPolynomial = 0xD800000000000000;

// tables[k][b]: what byte b does to the state when k more bytes follow it.
using Tables = std::array<std::array<std::uint64_t, 256>, 8>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    std::uint64_t state = byte;
    for (int bit = 0; bit < 8; ++bit) state = (state >> 1) ^ ((state & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = state;
  }
  for (std::size_t k = 1; k < 8; ++k)
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint64_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

void Crc64::update(ByteView bytes) {
  std::uint64_t state = state_;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    const std::uint64_t word = state ^ load_le<std::uint64_t>(bytes.data());
    state = 0;
    for (std::size_t i = 0; i < 8; ++i) state ^= kTables[7 - i][(word >> (8 * i)) & 0xff];
  }
  for (const std::uint8_t byte : bytes) state = (state >> 8) ^ kTables[0][(state ^ byte) & 0xff];
  state_ = state;
}

}  // namespace streamd::litestream
