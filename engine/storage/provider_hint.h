// The next step after a store's failure, by its code and the store's own word. Pure.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace streamd::storage {

// Empty when there is nothing better to say than the message says. `word` may be empty.
std::string provider_hint(Code code, std::string_view word, const std::string& driver);
// Whether the word only repeats, for programmers, what the message says in words: ENOSPC.
bool is_errno_name(std::string_view word);

}  // namespace streamd::storage
