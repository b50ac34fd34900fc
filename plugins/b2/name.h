// Which keys B2 can hold as names of files. Pure.
#pragma once
#include <string>
#include <string_view>

namespace streamd::b2 {

// nullptr, or why no file can have this name: "it has a control character". What the vendor once
// forbade and no longer does ("a//b", a backslash) is for the store to refuse.
const char* why_no_name(std::string_view key);

// How much of a text, from its beginning, can be the beginning of a name: for prefixes and places
// in a list, which may end in the middle of a character.
std::string_view beginning_of_name(std::string_view text);

}  // namespace streamd::b2
