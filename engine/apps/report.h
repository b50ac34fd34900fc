// How both programs speak to people: errors in one line on stderr, a hint below, and the exit code.
#pragma once
#include <string>

#include "base/result.h"

namespace streamd::apps {

// "PROGRAM: message", then "hint: ..." when there is one. Returns the exit code of the error.
int report(const std::string& program, const Error& error);

}  // namespace streamd::apps
