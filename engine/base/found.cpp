#include "base/found.h"

#include <cerrno>
#include <filesystem>

namespace streamd {
namespace {

constexpr int kMostLinks = 40;  // as the kernel

}  // namespace

Result<std::optional<struct stat>> stat_link(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0) return std::optional(info);
  if (errno == ENOENT || errno == ENOTDIR) return std::optional<struct stat>{};
  return errno_error(errno, "look at " + path);
}

Error not_ours(const std::string& path, const std::string& what) {
  return make_error(Code::kPermission, "open " + path + ": " + what + " lies there",
                    "streamd has not made it: find out who has, then remove it");
}

Result<std::string> end_of_links(const std::string& path, const LinkCheck& check) {
  std::string at = path;
  for (int links = 0; links < kMostLinks; ++links) {
    const auto there = TRY(stat_link(at));
    if (!there || !S_ISLNK(there->st_mode)) return at;
    if (check) TRY(check(at, *there));
    std::error_code failed;
    const auto to = std::filesystem::read_symlink(at, failed);
    if (failed) return errno_error(failed.value(), "look at " + at);
    at = (std::filesystem::path(folder_of(at)) / to).string();
  }
  return errno_error(ELOOP, "look at " + path);
}

// Looked at first: opening a pipe would wait for its other end.
Result<File> open_found(const std::string& path) {
  const auto there = TRY(stat_link(path));
  if (!there) return errno_error(ENOENT, "open " + path);
  if (!S_ISREG(there->st_mode))
    return not_ours(path, S_ISLNK(there->st_mode) ? "a symbolic link" : "no regular file");
  File file = TRY(File::open_read(path));
  const struct stat opened = TRY(file.status());
  if (opened.st_ino != there->st_ino || opened.st_dev != there->st_dev)
    return not_ours(path, "another file than a moment ago");
  return file;
}

}  // namespace streamd
