#include "record.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "watched.h"

namespace faults {
namespace {

void append_integer(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

}  // namespace

Recording::Recording(const std::string& path) {
  static const std::string record = setting("FAULTS_RECORD");
  if (record.empty() || !is_watched(path)) return;
  fd_ = static_cast<int>(syscall(SYS_openat, AT_FDCWD, record.c_str(),
                                 O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (fd_ < 0) std::abort();
  while (syscall(SYS_flock, fd_, LOCK_EX) != 0) {
  }
}

Recording::~Recording() {
  const int kept = errno;
  if (fd_ >= 0) syscall(SYS_close, fd_);
  errno = kept;
}

void Recording::add(char what, std::uint64_t inode, std::uint64_t number, std::string_view path,
                    std::string_view data) {
  if (fd_ < 0) return;
  std::string bytes(1, what);
  append_integer(bytes, inode, 8);
  append_integer(bytes, number, 8);
  append_integer(bytes, path.size(), 4);
  append_integer(bytes, data.size(), 4);
  bytes.append(path).append(data);
  const auto size = static_cast<long>(bytes.size());
  if (syscall(SYS_write, fd_, bytes.data(), bytes.size()) != size) std::abort();
}

}  // namespace faults
