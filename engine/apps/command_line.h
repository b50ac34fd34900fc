// A command in one text, as --exec takes it. Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace streamd::apps {

// Its words, as a shell would split them: blanks separate, '...' keeps everything as it is, "..."
// too but for \" and \\, a backslash elsewhere keeps the next character. Nothing else means
// anything: no variables, no patterns, no `;`. kUsage without a word, or with an open quote.
Result<std::vector<std::string>> split_command(std::string_view text);

}  // namespace streamd::apps
