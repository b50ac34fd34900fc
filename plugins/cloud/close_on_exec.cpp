#include "close_on_exec.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstdlib>
#include <vector>

namespace streamd::cloud {
namespace {

int count(int fd, unsigned long what) {
  int bytes = 0;
  return ioctl(fd, what, &bytes) == 0 ? bytes : -1;
}

// Unix stream sockets without the mark, with nothing in them.
std::vector<int> candidates() {
  std::vector<int> found;
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return found;
  while (const dirent* entry = readdir(folder)) {
    const int fd = std::atoi(entry->d_name);
    int domain = 0;
    socklen_t size = sizeof domain;
    if (entry->d_name[0] == '.' || (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0) continue;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX &&
        count(fd, SIOCINQ) == 0 && count(fd, SIOCOUTQ) == 0)
      found.push_back(fd);
  }
  closedir(folder);
  return found;
}

}  // namespace

// Waking it writes one byte through the pair: the socket that has it then is one end, the one that
// sent it the other.
void close_on_exec(CURLM* multi) {
  const std::vector<int> before = candidates();
  if (before.empty() || curl_multi_wakeup(multi) != CURLM_OK) return;
  for (const int fd : before)
    if (count(fd, SIOCINQ) == 1 || count(fd, SIOCOUTQ) > 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
  curl_multi_poll(multi, nullptr, 0, 0, nullptr);  // takes the byte out again
}

}  // namespace streamd::cloud
