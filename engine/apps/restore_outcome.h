// What `streamctl restore` says of a restore that had nothing to restore, whatever it reads from.
#pragma once
#include <string>

#include "restore/restore.h"

namespace streamd::apps {

const char* outcome_name(restore::Outcome outcome);  // in JSON

// A line of text for kTargetPresent and kNoBackup; false for the others, of which there is more to
// say.
bool print_nothing_done(const std::string& out, restore::Outcome outcome);

}  // namespace streamd::apps
