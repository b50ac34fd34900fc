// Who owns what is made when a store begins. Root often looks first (`streamctl doctor`), and the
// daemon, another user, is to begin where root has looked.
#pragma once
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace streamd::file_driver {

// While it lives, what this thread makes as root belongs to the folder's owner and group. For
// everybody else, and in a folder of root's, it does nothing.
class AsOwnerOf {
 public:
  explicit AsOwnerOf(const struct stat& folder)
      : active_(::geteuid() == 0 && folder.st_uid != 0), group_(::getegid()) {
    if (!active_) return;
    ::setfsgid(folder.st_gid);
    ::setfsuid(folder.st_uid);
  }
  AsOwnerOf(const AsOwnerOf&) = delete;
  AsOwnerOf& operator=(const AsOwnerOf&) = delete;
  ~AsOwnerOf() {
    if (!active_) return;
    const int kept = errno;
    ::setfsuid(0);
    ::setfsgid(group_);
    errno = kept;
  }
  bool active() const { return active_; }

 private:
  bool active_;
  gid_t group_;
};

// The result of make(), which is negative and sets errno when it fails. Where only root may make
// anything, it is root's.
template <typename Make>
int made_as_owner_of(const struct stat& folder, Make make) {
  {
    const AsOwnerOf owner(folder);
    const int made = make();
    if (made >= 0 || errno != EACCES || !owner.active()) return made;
  }
  return make();
}

}  // namespace streamd::file_driver
