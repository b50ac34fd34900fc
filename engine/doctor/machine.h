// What the kernel and the libraries of this machine let us do.
#pragma once
#include <cstdint>

#include "doctor/finding.h"

namespace streamd::doctor {

// Watches and instances of inotify, the limit of open files, whether something keeps the clock, and
// what is known of this SQLite. `files_needed`: by the configuration.
void check_machine(std::uint64_t databases, std::uint64_t files_needed, Findings& findings);

// Two files of a database are watched, and a few of streamd's own. Pure.
void judge_watches(std::uint64_t databases, std::uint64_t limit, Findings& findings);

}  // namespace streamd::doctor
