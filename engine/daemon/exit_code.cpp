#include "daemon/exit_code.h"

#include <fmt/format.h>

#include <array>

namespace streamd::daemon {

std::span<const ExitMeaning> exit_meanings() {
  static constexpr std::array kMeanings{
      ExitMeaning{kExitDone, "done"},
      ExitMeaning{kExitFailure, "failure"},
      ExitMeaning{kExitUsage, "usage"},
      ExitMeaning{kExitNoBackup, "no backup exists"},
      ExitMeaning{kExitTargetExists, "the target exists"},
      ExitMeaning{kExitOutsideWindow, "the moment is not kept"},
      ExitMeaning{kExitNotRestorable, "not yet restorable"},
      ExitMeaning{kExitDiverged, "replica and database disagree"},
      ExitMeaning{kExitTakenOver, "another writer has taken over"},
      ExitMeaning{kExitUnreachable, "storage unreachable"},
      ExitMeaning{kExitRefused, "credentials refused"},
      ExitMeaning{kExitDamaged, "backup damaged"},
      ExitMeaning{kExitConfiguration, "configuration wrong"},
      ExitMeaning{kExitDaemonNotRunning, "daemon not running"}};
  return kMeanings;
}

std::string exit_code_text() {
  constexpr std::size_t kColumns = 100;
  std::string text, line = "Exit codes:";
  for (const ExitMeaning& each : exit_meanings()) {
    const std::string entry = fmt::format(" {} {}{}", each.code, each.meaning,
                                          each.code == kExitDaemonNotRunning ? "." : ",");
    if (line.size() + entry.size() > kColumns) {
      text += line + "\n";
      line = entry.substr(1);
    } else {
      line += entry;
    }
  }
  return text + line;
}

int exit_code(Code code) {
  switch (code) {
    case Code::kUsage:
      return kExitUsage;
    case Code::kNoBackup:
      return kExitNoBackup;
    case Code::kTargetExists:
      return kExitTargetExists;
    case Code::kOutsideWindow:
      return kExitOutsideWindow;
    case Code::kNotRestorable:
      return kExitNotRestorable;
    case Code::kDiverged:
      return kExitDiverged;
    case Code::kFenced:
      return kExitTakenOver;
    case Code::kThrottled:
    case Code::kTransient:
    case Code::kTimeout:
      return kExitUnreachable;
    case Code::kAuth:
      return kExitRefused;
    case Code::kCorrupt:
      return kExitDamaged;
    case Code::kInvalidConfig:
      return kExitConfiguration;
    case Code::kDaemonNotRunning:
      return kExitDaemonNotRunning;
    case Code::kNotFound:
    case Code::kExists:
    case Code::kPermission:
    case Code::kCancelled:
    case Code::kUnsupported:
    case Code::kInternal:
    case Code::kIo:
    case Code::kNoSpace:
    case Code::kBusy:
    case Code::kWaiting:
    case Code::kNotWal:
      return kExitFailure;
  }
  return kExitFailure;
}

}  // namespace streamd::daemon
