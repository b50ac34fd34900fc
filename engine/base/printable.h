// Text that came from elsewhere (names of files, words of a store) for a terminal or a line of a
// log.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace streamd {

// Control characters as \n, \t, \x1b: one line, and nothing that a terminal acts upon. JSON does
// not need it.
std::string printable(std::string_view text);

// How many bytes at the beginning of a text that is not empty are one character in UTF-8; 0 when
// they are none.
std::size_t utf8_length(std::string_view text);

// What stands in the place of a byte that is no UTF-8, where the reader must get UTF-8.
inline constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

// Columns of a terminal, as far as one character is one column: UTF-8's continuation bytes take
// none.
std::size_t columns_of(std::string_view text);

}  // namespace streamd
