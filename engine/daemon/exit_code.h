// Exit codes: documented, tested, stable. Runbooks and boot scripts branch on them.
#pragma once
#include <span>
#include <string>

#include "base/result.h"

namespace streamd::daemon {

constexpr int kExitDone = 0, kExitFailure = 1, kExitUsage = 2, kExitNoBackup = 10,
              kExitTargetExists = 11, kExitOutsideWindow = 12, kExitNotRestorable = 13,
              kExitDiverged = 14, kExitTakenOver = 15, kExitUnreachable = 20, kExitRefused = 21,
              kExitDamaged = 30, kExitConfiguration = 40, kExitDaemonNotRunning = 50;

int exit_code(Code code);

struct ExitMeaning {
  int code;
  const char* meaning;
};
// All of them, ascending: for help texts and man pages.
std::span<const ExitMeaning> exit_meanings();
// "Exit codes: 0 done, 1 failure, ..." in lines of 100 columns at most.
std::string exit_code_text();

}  // namespace streamd::daemon
