#include "daemon/unix_socket.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/file.h"
#include "base/found.h"

namespace streamd::daemon {
namespace {

constexpr int kBacklog = 64;

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return make_error(Code::kInvalidConfig,
                      "control socket " + path + ": a socket's path has 1 to " +
                          std::to_string(sizeof address.sun_path - 1) + " bytes",
                      "choose a shorter path with `control` or --control");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Result<Descriptor> new_socket() {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno_error(errno, "create a unix socket");
  return Descriptor(fd);
}

// 0, or errno.
int try_connect(int fd, const sockaddr_un& address) {
  int outcome;
  do {
    outcome = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  } while (outcome != 0 && errno == EINTR);
  return outcome == 0 ? 0 : errno;
}

Status clear_the_name(const std::string& path, const sockaddr_un& address) {
  const auto there = TRY(stat_link(path));
  if (!there) return {};
  if (!S_ISSOCK(there->st_mode))
    return make_error(Code::kExists, "control socket " + path + ": the file there is no socket",
                      "remove it, or choose another path with --control");
  const Descriptor probe = TRY(new_socket());
  const int refused = try_connect(probe.fd(), address);
  if (refused == 0)
    return make_error(Code::kBusy, "control socket " + path + ": another streamd answers there",
                      "stop it, or give this one a socket of its own with --control");
  if (refused != ECONNREFUSED) return errno_error(refused, "control socket " + path);
  return remove_file(path);
}

Result<gid_t> group_id(const std::string& name) {
  std::vector<char> buffer(16 * 1024);
  group found{};
  group* result = nullptr;
  getgrnam_r(name.c_str(), &found, buffer.data(), buffer.size(), &result);
  if (result == nullptr)
    return make_error(Code::kInvalidConfig, "control-group: there is no group " + name,
                      "groupadd --system " + name);
  return found.gr_gid;
}

// By its name, for the socket's descriptor is not the file: a link that took the name meanwhile is
// not followed.
Status open_up(const std::string& path, const SocketAccess& access) {
  if (!access.group.empty()) {
    const gid_t group = TRY(group_id(access.group));
    if (::lchown(path.c_str(), static_cast<uid_t>(-1), group) != 0)
      return errno_error(errno, "give " + path + " to group " + access.group);
  }
  if (::fchmodat(AT_FDCWD, path.c_str(), access.mode, AT_SYMLINK_NOFOLLOW) != 0)
    return errno_error(errno, "set mode of " + path);
  return {};
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Descriptor> listen_at(const std::string& path, const SocketAccess& access) {
  const sockaddr_un address = TRY(address_of(path));
  TRY(make_folder(folder_of(path), 0755));
  TRY(clear_the_name(path, address));
  Descriptor listener = TRY(new_socket());
  // The file gets the mode of the unbound socket: unlike with umask, no other thread is involved.
  if (::fchmod(listener.fd(), 0600) != 0) return errno_error(errno, "set mode of " + path);
  if (::bind(listener.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return errno_error(errno, "control socket " + path);
  TRY(open_up(path, access));
  if (::listen(listener.fd(), kBacklog) != 0) return errno_error(errno, "listen at " + path);
  return listener;
}

Status check_socket_path(const std::string& path) {
  TRY(address_of(path));
  return {};
}

Result<Descriptor> connect_to(const std::string& path) {
  const sockaddr_un address = TRY(address_of(path));
  Descriptor socket = TRY(new_socket());
  const int refused = try_connect(socket.fd(), address);
  if (refused == 0) return socket;
  if (refused == ENOENT || refused == ECONNREFUSED || refused == ENOTDIR)
    return make_error(Code::kDaemonNotRunning, "no daemon answers at " + path,
                      "start streamd, or name its socket with --control");
  Error error = errno_error(refused, "connect to " + path);
  if (error.code == Code::kPermission)
    error.hint =
        "run this as root or as the user of streamd; `control-mode` and `control-group` let "
        "others in";
  return error;
}

}  // namespace streamd::daemon
