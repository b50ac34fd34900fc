#include "storage/provider_hint.h"

#include <cstring>

namespace streamd::storage {
namespace {

struct WordHint {
  std::string_view word, hint;
};
constexpr WordHint kWordHints[] = {
    {"ENOSPC", "the storage is full: make room there"},
    {"EDQUOT", "the quota there is used up: make room, or raise it"},
    {"EROFS", "it is mounted read-only: look at the mount and at the kernel's log"},
    {"EACCES", "let the user that runs this read and write there"},
    {"EPERM", "let the user that runs this read and write there"},
    {"EIO", "the drive or its connection fails: look at the kernel's log"},
    {"ESTALE", "the drive or its connection fails: look at the kernel's log"},
    {"ENODEV", "the drive or its connection fails: look at the kernel's log"},
    {"EMFILE", "raise the limit of open files (ulimit -n, LimitNOFILE= of the unit)"},
    {"ENFILE", "raise the system's limit of open files (sysctl fs.file-max)"},
    {"ENAMETOOLONG", "give the replica a shorter path"},
    {"ENOTDIR", "look at the replica's path: a part of it is no folder"},
    {"ELOOP", "look at the replica's path: its symbolic links go in circles"},
};

}  // namespace

std::string provider_hint(Code code, std::string_view word, const std::string& driver) {
  for (const WordHint& known : kWordHints)
    if (known.word == word) return std::string(known.hint);
  switch (code) {
    case Code::kAuth:
      return "check the credentials of this replica";
    case Code::kPermission:
      return "the credentials are accepted, but may not do this: give them the right to";
    case Code::kThrottled:
      return "the storage asks for fewer requests: try again later";
    case Code::kTransient:
    case Code::kTimeout:
      return "can this machine reach the storage? trying again may help";
    case Code::kInvalidConfig:
      return "check the options of this replica: `streamctl drivers show " + driver + "`";
    default:
      return {};
  }
}

bool is_errno_name(std::string_view word) {
  constexpr int kMostErrno = 200;
  for (int number = 1; number < kMostErrno; ++number)
    if (const char* name = strerrorname_np(number); name != nullptr && word == name) return true;
  return false;
}

}  // namespace streamd::storage
