// Spans of bytes, fixed-width integers in both orders, and a reader that never runs past its end.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace streamd {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

constexpr std::uint64_t kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;

static_assert(std::endian::native == std::endian::little, "streamd runs on little-endian machines");

template <class Number>
Number load_le(const std::uint8_t* at) {
  Number number;
  std::memcpy(&number, at, sizeof number);
  return number;
}
template <class Number>
void store_le(std::uint8_t* at, Number number) {
  std::memcpy(at, &number, sizeof number);
}
inline std::uint32_t load_be32(const std::uint8_t* at) {
  return __builtin_bswap32(load_le<std::uint32_t>(at));
}
inline void store_be32(std::uint8_t* at, std::uint32_t number) {
  store_le(at, __builtin_bswap32(number));
}

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline void append(Bytes& out, ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

template <class Number>
void append_le(Bytes& out, Number number) {
  std::uint8_t raw[sizeof number];
  store_le(raw, number);
  append(out, raw);
}
// LEB128: seven bits a byte, low ones first.
inline void append_varint(Bytes& out, std::uint64_t number) {
  while (number >= 0x80) {
    out.push_back(static_cast<std::uint8_t>(number | 0x80));
    number >>= 7;
  }
  out.push_back(static_cast<std::uint8_t>(number));
}
// Small magnitudes of either sign become small varints.
constexpr std::uint64_t zigzag(std::int64_t number) {
  return (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t number) {
  return static_cast<std::int64_t>(number >> 1) ^ -static_cast<std::int64_t>(number & 1);
}

// Reads hostile bytes. After the first read past the end ok() is false for good and every value is
// zero, so a parser may read a whole record and check once.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return at_ == bytes_.size(); }
  std::size_t remaining() const { return bytes_.size() - at_; }

  template <class Number>
  Number le() {
    const ByteView raw = take(sizeof(Number));
    return ok_ ? load_le<Number>(raw.data()) : Number{};
  }
  std::uint64_t varint() {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const ByteView raw = take(1);
      if (!ok_) return 0;
      number |= static_cast<std::uint64_t>(raw[0] & 0x7f) << shift;
      if ((raw[0] & 0x80) == 0) return number;
    }
    ok_ = false;
    return 0;
  }
  ByteView take(std::size_t count) {
    if (!ok_ || count > remaining()) {
      ok_ = false;
      return {};
    }
    at_ += count;
    return bytes_.subspan(at_ - count, count);
  }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

std::string to_hex(ByteView bytes);
// False, and out untouched, unless text is exactly 2 × out.size() lower- or upper-case hex digits.
bool from_hex(std::string_view text, MutableBytes out);
std::string to_hex(std::uint64_t number, int digits);  // zero-padded
// False unless text is exactly `digits` lower-case hex digits.
bool from_hex(std::string_view text, int digits, std::uint64_t& out);

}  // namespace streamd
