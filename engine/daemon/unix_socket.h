// Unix sockets by their path: the daemon's end and the client's.
#pragma once
#include <string>
#include <utility>

#include "base/result.h"

namespace streamd::daemon {

// An open descriptor; one owner.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

struct SocketAccess {
  unsigned mode = 0600;
  std::string group;  // empty = the process's own
};

// Bound and listening; nobody else could ever connect before the mode was set. A socket that a dead
// process has left is replaced; kBusy when somebody answers there, kExists when something else has
// the name. The folder is made when only its last part is missing.
Result<Descriptor> listen_at(const std::string& path, const SocketAccess& access);

// kInvalidConfig when no socket can have this path: it is too long.
Status check_socket_path(const std::string& path);

// kDaemonNotRunning when nobody answers, kPermission.
Result<Descriptor> connect_to(const std::string& path);

}  // namespace streamd::daemon
