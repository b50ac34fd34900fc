// Completion scripts for shells, from the description of a command line. Pure.
#pragma once
#include <string>

#include "apps/manual/description.h"

namespace streamd::apps {

// Each offers commands, options, fixed values, files, and the configured databases.
std::string bash_completion(const CommandDescription& program);
std::string zsh_completion(const CommandDescription& program);
std::string fish_completion(const CommandDescription& program);

}  // namespace streamd::apps
