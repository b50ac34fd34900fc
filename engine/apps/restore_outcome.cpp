#include "apps/restore_outcome.h"

#include <fmt/core.h>

#include "base/printable.h"

namespace streamd::apps {

const char* outcome_name(restore::Outcome outcome) {
  switch (outcome) {
    case restore::Outcome::kRestored:
      return "restored";
    case restore::Outcome::kPlanned:
      return "planned";
    case restore::Outcome::kTargetPresent:
      return "target present";
    case restore::Outcome::kNoBackup:
      return "no backup";
  }
  return "restored";
}

bool print_nothing_done(const std::string& out, restore::Outcome outcome) {
  if (outcome == restore::Outcome::kTargetPresent)
    fmt::print("{} exists: nothing to do\n", printable(out));
  else if (outcome == restore::Outcome::kNoBackup)
    fmt::print("there is no backup: nothing to do\n");
  else
    return false;
  return true;
}

}  // namespace streamd::apps
