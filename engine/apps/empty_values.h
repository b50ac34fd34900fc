// An empty value is nearly always a shell variable that was not set. What it would mean without the
// option (the newest moment, the default file) is not what was asked for, so it is wrong usage.
#pragma once
#include <set>
#include <string>
#include "apps/declaration.h"

namespace streamd::apps {

// For every option and argument of the command and its subcommands, but for the options `except`.
void refuse_empty_values(const Command& command, const std::set<std::string>& except = {});

}  // namespace streamd::apps
