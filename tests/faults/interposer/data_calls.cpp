// The calls that move a file's content: they may fail in turn, and what they change is recorded.
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

#include "fault.h"
#include "record.h"

namespace faults {
namespace {

constexpr off_t kAtPosition = -1;

std::uint64_t inode_of(int fd) {
  struct stat info {};
  return syscall(SYS_fstat, fd, &info) == 0 ? info.st_ino : 0;
}

std::size_t half(std::size_t size) {
  return size - size / 2;
}

// Answers for the call when it is its turn to fail.
bool fails(Call call, const std::string& path, std::size_t* size = nullptr) {
  const Turn turn = turn_of(call, path);
  if (turn.half && size != nullptr) *size = half(*size);
  if (turn.error != 0) errno = turn.error;
  return turn.error != 0;
}

ssize_t get(int fd, void* out, std::size_t size, off_t offset) {
  if (fails(Call::kRead, path_of(fd), &size)) return -1;
  return offset == kAtPosition ? syscall(SYS_read, fd, out, size)
                               : syscall(SYS_pread64, fd, out, size, offset);
}

ssize_t put(int fd, const void* data, std::size_t size, off_t offset) {
  const std::string path = path_of(fd);
  if (fails(Call::kWrite, path, &size)) return -1;
  Recording recording(path);
  const ssize_t done = offset == kAtPosition ? syscall(SYS_write, fd, data, size)
                                             : syscall(SYS_pwrite64, fd, data, size, offset);
  if (done <= 0 || !recording.on()) return done;
  if (offset == kAtPosition) offset = syscall(SYS_lseek, fd, 0, SEEK_CUR) - done;
  recording.add('W', inode_of(fd), static_cast<std::uint64_t>(offset), {},
                {static_cast<const char*>(data), static_cast<std::size_t>(done)});
  return done;
}

int sync(int fd, long number) {
  const std::string path = path_of(fd);
  if (fails(Call::kSync, path)) return -1;
  if (sync_lies(path)) return 0;
  Recording recording(path);
  const int result = static_cast<int>(syscall(number, fd));
  if (result == 0) recording.add('S', inode_of(fd), 0, {}, {});
  return result;
}

int cut(int fd, off_t size) {
  const std::string path = path_of(fd);
  if (fails(Call::kTruncate, path)) return -1;
  Recording recording(path);
  const int result = static_cast<int>(syscall(SYS_ftruncate, fd, size));
  if (result == 0) recording.add('T', inode_of(fd), static_cast<std::uint64_t>(size), {}, {});
  return result;
}

void* map(void* at, std::size_t size, int protection, int flags, int fd, off_t offset) {
  if (fd >= 0 && fails(Call::kMap, path_of(fd))) return MAP_FAILED;
  return reinterpret_cast<void*>(syscall(SYS_mmap, at, size, protection, flags, fd, offset));
}

}  // namespace
}  // namespace faults

using namespace faults;

extern "C" {

ssize_t read(int fd, void* out, size_t size) {
  return get(fd, out, size, kAtPosition);
}
ssize_t pread(int fd, void* out, size_t size, off_t offset) {
  return get(fd, out, size, offset);
}
ssize_t pread64(int fd, void* out, size_t size, off64_t offset) {
  return get(fd, out, size, offset);
}
ssize_t write(int fd, const void* data, size_t size) {
  return put(fd, data, size, kAtPosition);
}
ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  return put(fd, data, size, offset);
}
ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  return put(fd, data, size, offset);
}
// A caller must be ready for fewer bytes than it has; so one buffer a call is enough.
ssize_t writev(int fd, const struct iovec* parts, int count) {
  if (!is_watched(path_of(fd))) return syscall(SYS_writev, fd, parts, count);
  for (int i = 0; i < count; ++i)
    if (parts[i].iov_len != 0) return put(fd, parts[i].iov_base, parts[i].iov_len, kAtPosition);
  return 0;
}
int fsync(int fd) {
  return sync(fd, SYS_fsync);
}
int fdatasync(int fd) {
  return sync(fd, SYS_fdatasync);
}
int ftruncate(int fd, off_t size) {
  return cut(fd, size);
}
int ftruncate64(int fd, off64_t size) {
  return cut(fd, size);
}
void* mmap(void* at, size_t size, int protection, int flags, int fd, off_t offset) {
  return map(at, size, protection, flags, fd, offset);
}
void* mmap64(void* at, size_t size, int protection, int flags, int fd, off64_t offset) {
  return map(at, size, protection, flags, fd, offset);
}

}  // extern "C"
