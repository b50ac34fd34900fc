#include "daemon/exit_code.h"

namespace streamd::daemon {

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
