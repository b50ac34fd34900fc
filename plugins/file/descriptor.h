// A file descriptor that closes itself; -1 = none. And what makes a folder's names durable.
#pragma once
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace streamd::file_driver {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  bool valid() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// Makes the names in the folder durable. 0 or errno. Where nothing can be written, or folders are
// not synced, there is nothing to be done.
inline int sync_names(int folder) {
  if (::fsync(folder) == 0 || errno == EROFS || errno == EINVAL || errno == EOPNOTSUPP) return 0;
  return errno;
}

}  // namespace streamd::file_driver
