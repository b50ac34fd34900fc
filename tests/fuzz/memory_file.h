// A file that has a path and no name: nothing is left behind.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "base/bytes.h"
#include "target.h"

namespace streamd::fuzz {

class MemoryFile {
 public:
  explicit MemoryFile(ByteView bytes = {}) : fd_(memfd_create("fuzz", MFD_CLOEXEC)) {
    require(fd_ >= 0, "there is memory for a file");
    append(bytes);
  }
  ~MemoryFile() { close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  void append(ByteView bytes) const {
    const ssize_t written = pwrite(fd_, bytes.data(), bytes.size(), lseek(fd_, 0, SEEK_END));
    require(written == static_cast<ssize_t>(bytes.size()), "there is memory for the bytes");
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

}  // namespace streamd::fuzz
