// The calls that change or ask for names: they may fail in turn, and what they change is recorded.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <dlfcn.h>
#include <cerrno>
#include <cstdio>

#include "fault.h"
#include "inodes.h"
#include "record.h"

namespace faults {
namespace {

bool fails(Call call, const std::string& path) {
  const Turn turn = turn_of(call, path);
  if (turn.error != 0) errno = turn.error;
  return turn.error != 0;
}

int rename_at(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  const std::string old_path = path_at(from_folder, from), new_path = path_at(to_folder, to);
  if (fails(Call::kRename, new_path)) return -1;
  Recording recording(new_path);
  const auto result = syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
  if (result == 0) recording.add('R', 0, 0, old_path, new_path);
  return static_cast<int>(result);
}

int link_at(int from_folder, const char* from, int to_folder, const char* to, int flags) {
  const std::string old_path = path_at(from_folder, from), new_path = path_at(to_folder, to);
  if (fails(Call::kRename, new_path)) return -1;
  Recording recording(new_path);
  const auto result = syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
  if (result == 0) recording.add('L', 0, 0, old_path, new_path);
  return static_cast<int>(result);
}

int remove_at(int folder, const char* name, int flags) {
  const std::string path = path_at(folder, name);
  if (fails(Call::kRemove, path)) return -1;
  Recording recording(path);
  const auto result = syscall(SYS_unlinkat, folder, name, flags);
  if (result == 0) recording.add('U', 0, 0, path, {});
  return static_cast<int>(result);
}

int make_folder_at(int folder, const char* name, mode_t mode) {
  const std::string path = path_at(folder, name);
  if (fails(Call::kMakeFolder, path)) return -1;
  Recording recording(path);
  const auto result = syscall(SYS_mkdirat, folder, name, mode);
  struct stat made {};
  if (result == 0 && recording.on() && syscall(SYS_newfstatat, folder, name, &made, 0) == 0)
    recording.add('M', made.st_ino, 0, path, {});
  return static_cast<int>(result);
}

int look_at(int folder, const char* name, struct stat* out, int flags) {
  if (fails(Call::kLook, path_at(folder, name))) return -1;
  const auto result = syscall(SYS_newfstatat, folder, name, out, flags);
  if (result == 0) out->st_ino = shown_inode(out->st_ino);
  return static_cast<int>(result);
}

}  // namespace
}  // namespace faults

using namespace faults;

extern "C" {

int rename(const char* from, const char* to) {
  return rename_at(AT_FDCWD, from, AT_FDCWD, to, 0);
}
int renameat(int from_folder, const char* from, int to_folder, const char* to) {
  return rename_at(from_folder, from, to_folder, to, 0);
}
int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  return rename_at(from_folder, from, to_folder, to, flags);
}
int link(const char* from, const char* to) {
  return link_at(AT_FDCWD, from, AT_FDCWD, to, 0);
}
int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) {
  return link_at(from_folder, from, to_folder, to, flags);
}
int unlink(const char* path) {
  return remove_at(AT_FDCWD, path, 0);
}
int unlinkat(int folder, const char* path, int flags) {
  return remove_at(folder, path, flags);
}
int rmdir(const char* path) {
  return remove_at(AT_FDCWD, path, AT_REMOVEDIR);
}
int remove(const char* path) {
  const int result = remove_at(AT_FDCWD, path, 0);
  return result != 0 && errno == EISDIR ? remove_at(AT_FDCWD, path, AT_REMOVEDIR) : result;
}
int mkdir(const char* path, mode_t mode) {
  return make_folder_at(AT_FDCWD, path, mode);
}
int mkdirat(int folder, const char* path, mode_t mode) {
  return make_folder_at(folder, path, mode);
}

int stat(const char* path, struct stat* out) {
  return look_at(AT_FDCWD, path, out, 0);
}
int lstat(const char* path, struct stat* out) {
  return look_at(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}
int fstat(int fd, struct stat* out) {
  return look_at(fd, "", out, AT_EMPTY_PATH);
}
int fstatat(int folder, const char* path, struct stat* out, int flags) {
  return look_at(folder, path, out, flags);
}
// The same structures where off_t has 64 bits, which is everywhere that this is built for.
int stat64(const char* path, struct stat64* out) {
  return look_at(AT_FDCWD, path, reinterpret_cast<struct stat*>(out), 0);
}
int lstat64(const char* path, struct stat64* out) {
  return look_at(AT_FDCWD, path, reinterpret_cast<struct stat*>(out), AT_SYMLINK_NOFOLLOW);
}
int fstat64(int fd, struct stat64* out) {
  return look_at(fd, "", reinterpret_cast<struct stat*>(out), AT_EMPTY_PATH);
}

int access(const char* path, int mode) {
  if (fails(Call::kLook, path_at(AT_FDCWD, path))) return -1;
  return static_cast<int>(syscall(SYS_faccessat, AT_FDCWD, path, mode));
}
int statvfs(const char* path, struct statvfs* out) {
  static const auto real =
      reinterpret_cast<int (*)(const char*, struct statvfs*)>(dlsym(RTLD_NEXT, "statvfs"));
  return fails(Call::kLook, path_at(AT_FDCWD, path)) ? -1 : real(path, out);
}

}  // extern "C"
