// A file in memory: its name goes away with it.
#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "base/bytes.h"
#include "target.h"

namespace streamd::fuzz {

class MemoryFile {
 public:
  explicit MemoryFile(ByteView bytes = {}) : fd_(mkostemp(path_, O_CLOEXEC)) {
    require(fd_ >= 0, "there is memory for a file");
    append(bytes);
  }
  ~MemoryFile() {
    unlink(path_);
    close(fd_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  void append(ByteView bytes) const {
    const ssize_t written = pwrite(fd_, bytes.data(), bytes.size(), lseek(fd_, 0, SEEK_END));
    require(written == static_cast<ssize_t>(bytes.size()), "there is memory for the bytes");
  }
  std::string path() const { return path_; }

 private:
  char path_[sizeof "/dev/shm/streamd-test-XXXXXX"] = "/dev/shm/streamd-test-XXXXXX";
  int fd_;
};

}  // namespace streamd::fuzz
