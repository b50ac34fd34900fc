#include "name.h"

#include <cstdint>

namespace streamd::b2 {
namespace {

// Length of the UTF-8 sequence that the text begins with; 0 = it is none, or cut off.
std::size_t sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool surrogate = first == 0xed && byte(1) >= 0xa0;
  const bool too_high = first == 0xf4 && byte(1) >= 0x90;
  return overlong || surrogate || too_high ? 0 : size;
}

// How far the text is made of characters that a name may have; and what stops it.
std::size_t plain(std::string_view text, const char*& why) {
  std::size_t at = 0;
  for (why = nullptr; at < text.size();) {
    const auto byte = static_cast<std::uint8_t>(text[at]);
    const std::size_t size = sequence(text.substr(at));
    if (size == 0) why = "it is no UTF-8";
    if (byte < 32 || byte == 127) why = "it has a control character";
    if (why != nullptr) break;
    at += size;
  }
  return at;
}

}  // namespace

const char* why_no_name(std::string_view key) {
  const char* why = nullptr;
  plain(key, why);
  if (why != nullptr) return why;
  return key.empty() ? "it is empty" : nullptr;
}

std::string_view beginning_of_name(std::string_view text) {
  const char* why = nullptr;
  return text.substr(0, plain(text, why));
}

}  // namespace streamd::b2
