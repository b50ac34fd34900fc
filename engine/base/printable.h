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

// Columns of a terminal, as far as one character is one column: UTF-8's continuation bytes take
// none.
std::size_t columns_of(std::string_view text);

}  // namespace streamd
