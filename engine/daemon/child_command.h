// Runs a command of the user, with a text on its standard input.
#pragma once
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace streamd::daemon {

// `command`: an absolute path and arguments; no shell. It inherits the environment, standard output
// and error, and nothing else. When it takes longer than `limit`, or `hurry` is cancelled and it
// goes on for a second, it and what it has started are killed (kTimeout). kIo when it ends with
// another code than 0.
Status run_command(const std::vector<std::string>& command, const std::string& input,
                   milliseconds limit, const Cancel& hurry, const Clock& clock);

}  // namespace streamd::daemon
