#include "mount.h"

#include <fcntl.h>
#include <mntent.h>
#include <sys/stat.h>

#include <cstdio>

namespace streamd::file_driver {

bool is_mount_point(const std::string& folder) {
  if (folder == "/") return true;  // also where the kernel does not call it one: in a chroot
  struct statx found {};
  if (::statx(AT_FDCWD, folder.c_str(), 0, STATX_BASIC_STATS, &found) != 0) return false;
  if ((found.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0)
    return (found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
  struct stat here {};
  struct stat above {};
  // A kernel before 5.8: a bind mount within one file system is not seen.
  return ::stat(folder.c_str(), &here) == 0 && ::stat((folder + "/..").c_str(), &above) == 0 &&
         (here.st_dev != above.st_dev || here.st_ino == above.st_ino);
}

bool is_at_or_below(const std::string& folder, const std::string& ancestor) {
  if (!folder.starts_with(ancestor)) return false;
  return folder.size() == ancestor.size() || ancestor.ends_with('/') ||
         folder[ancestor.size()] == '/';
}

std::string missing_mount(const std::string& fstab, const std::string& folder) {
  FILE* table = ::setmntent(fstab.c_str(), "re");
  if (table == nullptr) return {};
  std::string missing;
  struct mntent line {};
  char text[4096];
  while (::getmntent_r(table, &line, text, sizeof text) != nullptr) {
    const std::string place = line.mnt_dir;
    if (!place.starts_with('/') || !is_at_or_below(folder, place)) continue;
    if (place.size() > missing.size() && !is_mount_point(place)) missing = place;
  }
  ::endmntent(table);
  return missing;
}

}  // namespace streamd::file_driver
