#include "base/bytes.h"

namespace streamd {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

int digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

}  // namespace

std::string to_hex(ByteView bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

bool from_hex(std::string_view text, MutableBytes out) {
  if (text.size() != out.size() * 2) return false;
  for (const char digit : text)
    if (digit_value(digit) < 0) return false;
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] =
        static_cast<std::uint8_t>(digit_value(text[2 * i]) << 4 | digit_value(text[2 * i + 1]));
  return true;
}

std::string to_hex(std::uint64_t number, int digits) {
  std::string text(static_cast<std::size_t>(digits), '0');
  for (std::size_t i = text.size(); i-- > 0; number >>= 4) text[i] = kDigits[number & 15];
  return text;
}

bool from_hex(std::string_view text, int digits, std::uint64_t& out) {
  if (text.size() != static_cast<std::size_t>(digits)) return false;
  std::uint64_t number = 0;
  for (const char digit : text) {
    if (digit_value(digit) < 0 || (digit >= 'A' && digit <= 'F')) return false;
    number = number << 4 | static_cast<std::uint64_t>(digit_value(digit));
  }
  out = number;
  return true;
}

}  // namespace streamd
