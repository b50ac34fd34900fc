#include "watched.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <vector>

namespace faults {
namespace {

std::string link_target(const std::string& link) {
  char target[PATH_MAX];
  const auto size = syscall(SYS_readlinkat, AT_FDCWD, link.c_str(), target, sizeof target);
  return size > 0 ? std::string(target, static_cast<std::size_t>(size)) : std::string();
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find(':', at), list.size());
    if (end > at) parts.push_back(list.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

}  // namespace

const char* name_of(Call call) {
  switch (call) {
    case Call::kOpen:
      return "open";
    case Call::kRead:
      return "read";
    case Call::kWrite:
      return "write";
    case Call::kSync:
      return "sync";
    case Call::kTruncate:
      return "truncate";
    case Call::kRename:
      return "rename";
    case Call::kRemove:
      return "remove";
    case Call::kMakeFolder:
      return "mkdir";
    case Call::kMap:
      return "map";
    case Call::kLook:
      return "look";
    case Call::kSqliteOpen:
      return "sqlite-open";
    case Call::kSqlitePrepare:
      return "sqlite-prepare";
    case Call::kSqliteStep:
      return "sqlite-step";
    case Call::kSqliteCheckpoint:
      return "sqlite-checkpoint";
  }
  return "";
}

std::string path_of(int fd) {
  std::string path = link_target("/proc/self/fd/" + std::to_string(fd));
  const bool gone = path.ends_with(" (deleted)");
  return path.starts_with('/') && !gone ? path : std::string();
}

std::string path_at(int folder, const char* path) {
  if (path == nullptr) return {};
  if (*path == '\0') return path_of(folder);
  if (*path == '/') return path;
  const std::string above = folder == AT_FDCWD ? link_target("/proc/self/cwd") : path_of(folder);
  if (std::string(path) == ".") return above;
  return above + "/" + path;
}

bool is_watched(const std::string& path) {
  static const std::vector<std::string> folders = split(setting("FAULTS_BELOW"));
  for (const std::string& folder : folders)
    if (path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/'))
      return true;
  return false;
}

std::string setting(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

bool exists(const std::string& path) {
  return syscall(SYS_faccessat, AT_FDCWD, path.c_str(), F_OK) == 0;
}

void append_line(const std::string& path, const std::string& line) {
  const int fd = static_cast<int>(
      syscall(SYS_openat, AT_FDCWD, path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  const std::string whole = line + "\n";
  if (fd < 0 || syscall(SYS_write, fd, whole.data(), whole.size()) < 0) std::abort();
  syscall(SYS_close, fd);
}

}  // namespace faults
