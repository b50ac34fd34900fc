#include "base/result.h"

#include <cerrno>
#include <cstring>

namespace streamd {

const char* code_name(Code code) {
  switch (code) {
    case Code::kNotFound:
      return "not found";
    case Code::kExists:
      return "exists";
    case Code::kAuth:
      return "credentials refused";
    case Code::kPermission:
      return "permission denied";
    case Code::kThrottled:
      return "throttled";
    case Code::kTransient:
      return "transient";
    case Code::kTimeout:
      return "timeout";
    case Code::kCancelled:
      return "cancelled";
    case Code::kInvalidConfig:
      return "invalid configuration";
    case Code::kCorrupt:
      return "corrupt";
    case Code::kUnsupported:
      return "unsupported";
    case Code::kInternal:
      return "internal";
    case Code::kUsage:
      return "usage";
    case Code::kIo:
      return "input/output";
    case Code::kNoSpace:
      return "no space";
    case Code::kBusy:
      return "busy";
    case Code::kWaiting:
      return "waiting";
    case Code::kNotWal:
      return "not in wal mode";
    case Code::kNoBackup:
      return "no backup";
    case Code::kTargetExists:
      return "target exists";
    case Code::kOutsideWindow:
      return "outside what is kept";
    case Code::kNotRestorable:
      return "not yet restorable";
    case Code::kDiverged:
      return "diverged";
    case Code::kFenced:
      return "taken over";
    case Code::kDaemonNotRunning:
      return "daemon not running";
  }
  return "internal";
}

Error errno_error(int error_number, const std::string& what) {
  Code code = Code::kIo;
  switch (error_number) {
    case ENOENT:
      code = Code::kNotFound;
      break;
    case EEXIST:
      code = Code::kExists;
      break;
    case EACCES:
    case EPERM:
      code = Code::kPermission;
      break;
    case ENOSPC:
    case EDQUOT:
      code = Code::kNoSpace;
      break;
    default:
      break;
  }
  char text[128];
  return make_error(code, what + ": " + strerror_r(error_number, text, sizeof text));
}

}  // namespace streamd
