// The calls that take locks, and those that drop them by closing a descriptor.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdint>

#include "lock_rule.h"

namespace {

int control(int fd, int command, void* argument) {
  const auto result = static_cast<int>(syscall(SYS_fcntl, fd, command, argument));
  if (result == 0 && (command == F_SETLK || command == F_SETLKW))
    faults::note_lock(fd, *static_cast<const struct flock*>(argument));
  return result;
}

}  // namespace

extern "C" {

int fcntl(int fd, int command, ...) {
  va_list more;
  va_start(more, command);
  void* argument = va_arg(more, void*);
  va_end(more);
  return control(fd, command, argument);
}
int fcntl64(int fd, int command, ...) {
  va_list more;
  va_start(more, command);
  void* argument = va_arg(more, void*);
  va_end(more);
  return control(fd, command, argument);
}
int close(int fd) {
  faults::note_close(fd);
  return static_cast<int>(syscall(SYS_close, fd));
}
int dup2(int from, int to) {
  if (from != to) faults::note_close(to);
  return static_cast<int>(from == to ? syscall(SYS_fcntl, from, F_GETFD) < 0 ? -1 : to
                                     : syscall(SYS_dup3, from, to, 0));
}
int dup3(int from, int to, int flags) {
  if (from != to) faults::note_close(to);
  return static_cast<int>(syscall(SYS_dup3, from, to, flags));
}
int close_range(unsigned first, unsigned last, int flags) noexcept {
  constexpr unsigned kMany = 65536;
  if ((static_cast<unsigned>(flags) & CLOSE_RANGE_CLOEXEC) == 0)
    for (unsigned fd = first; fd <= last && fd < kMany; ++fd)
      faults::note_close(static_cast<int>(fd));
  return static_cast<int>(syscall(SYS_close_range, first, last, flags));
}

}  // extern "C"
