#include "mutation.h"

#include <algorithm>

namespace streamd::fuzz {
namespace {

constexpr std::size_t kLongest = 64 * 1024, kLongestPiece = 64;
constexpr std::uint64_t kExtremes[] = {
    0,          1,          0x7f,       0x80,        0xff,       0x7fff,     0xffff,     0x10000,
    0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 1ull << 62, 1ull << 63, ~0ull >> 1, ~0ull};

}  // namespace

Bytes Mutation::of(ByteView input, ByteView other) {
  Bytes bytes(input.begin(), input.end());
  for (std::size_t changes = 1 + below(4); changes > 0; --changes) change(bytes, other);
  if (bytes.size() > kLongest) bytes.resize(kLongest);
  return bytes;
}

// In either order, of one to eight bytes.
void Mutation::set_number(Bytes& bytes) {
  const std::size_t width = std::size_t{1} << below(4);
  if (bytes.size() < width) return;
  const std::size_t at = below(bytes.size() - width + 1);
  std::uint64_t number = kExtremes[below(std::size(kExtremes))] + below(3) - 1;
  if (below(2) == 0) number = __builtin_bswap64(number) >> (64 - 8 * width);
  std::copy_n(reinterpret_cast<const std::uint8_t*>(&number), width, &bytes[at]);
}

void Mutation::change(Bytes& bytes, ByteView other) {
  const std::size_t at = below(bytes.size() + 1);
  const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
  const std::size_t left = bytes.size() - at;
  const std::size_t piece = std::min(left, 1 + below(kLongestPiece));
  const auto piece_end = place + static_cast<std::ptrdiff_t>(piece);
  switch (below(8)) {
    case 0:
      if (left > 0) bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ 1u << below(8));
      break;
    case 1:
      if (left > 0) bytes[at] = static_cast<std::uint8_t>(random_());
      break;
    case 2:
    case 3:
      set_number(bytes);
      break;
    case 4:
      bytes.erase(place, piece_end);
      break;
    case 5: {
      const Bytes again(place, piece_end);
      bytes.insert(place, again.begin(), again.end());
      break;
    }
    case 6: {
      const ByteView from = other.subspan(below(other.size() + 1));
      const ByteView taken = from.first(std::min(from.size(), 1 + below(kLongestPiece)));
      bytes.insert(place, taken.begin(), taken.end());
      break;
    }
    default:
      if (below(8) == 0) bytes.resize(at);
  }
}

}  // namespace streamd::fuzz
