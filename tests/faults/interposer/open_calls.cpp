// The calls by which files come to be open: they may fail in turn, and what they make is recorded.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>

#include "fault.h"
#include "record.h"

namespace faults {
namespace {

std::uint64_t inode_of(int fd) {
  struct stat info {};
  return syscall(SYS_fstat, fd, &info) == 0 ? info.st_ino : 0;
}

int open_at(int folder, const char* name, int flags, mode_t mode) {
  const std::string path = path_at(folder, name);
  if (const Turn turn = turn_of(Call::kOpen, path); turn.error != 0) return errno = turn.error, -1;
  const bool may_change = (flags & (O_CREAT | O_TRUNC)) != 0;
  Recording recording(may_change ? path : std::string());
  const bool is_new = recording.on() && !exists(path);
  const int fd = static_cast<int>(syscall(SYS_openat, folder, name, flags, mode));
  if (fd < 0 || !recording.on()) return fd;
  if (is_new) recording.add('C', inode_of(fd), 0, path, {});
  if (!is_new && (flags & O_TRUNC) != 0) recording.add('T', inode_of(fd), 0, {}, {});
  return fd;
}

}  // namespace
}  // namespace faults

using namespace faults;

#define MODE_OF(flags)                             \
  mode_t mode = 0;                                 \
  if (((flags) & (O_CREAT | O_TMPFILE)) != 0) {    \
    va_list more;                                  \
    va_start(more, flags);                         \
    mode = static_cast<mode_t>(va_arg(more, int)); \
    va_end(more);                                  \
  }

extern "C" {

int open(const char* path, int flags, ...) {
  MODE_OF(flags)
  return open_at(AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  MODE_OF(flags)
  return open_at(AT_FDCWD, path, flags, mode);
}
int openat(int folder, const char* path, int flags, ...) {
  MODE_OF(flags)
  return open_at(folder, path, flags, mode);
}
int openat64(int folder, const char* path, int flags, ...) {
  MODE_OF(flags)
  return open_at(folder, path, flags, mode);
}

DIR* opendir(const char* path) {
  static const auto real = reinterpret_cast<DIR* (*)(const char*)>(dlsym(RTLD_NEXT, "opendir"));
  if (const Turn turn = turn_of(Call::kOpen, path_at(AT_FDCWD, path)); turn.error != 0)
    return errno = turn.error, nullptr;
  return real(path);
}

}  // extern "C"
