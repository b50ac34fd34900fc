#include "storage/driver_trust.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>

#include "base/file.h"

namespace streamd::storage {
namespace {

Result<struct stat> status_of(const std::string& path) {
  const auto status = TRY(stat_path(path));
  if (!status) return errno_error(ENOENT, "look at " + path);
  return *status;
}

}  // namespace

Status check_trusted(const std::string& what, const std::string& path, const struct stat& status,
                     uid_t self) {
  if (status.st_uid != 0 && status.st_uid != self)
    return make_error(
        Code::kPermission,
        fmt::format("refused to load a driver: {} {} is owned by user {}, expected root or user {}",
                    what, path, status.st_uid, self),
        fmt::format("if you trust it: chown root {}", path));
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return make_error(
        Code::kPermission,
        fmt::format("refused to load a driver: {} {} has mode {:04o}, expected no write permission "
                    "for group and others",
                    what, path, status.st_mode & 07777),
        fmt::format("chmod go-w {}", path));
  return {};
}

Result<std::string> trusted_driver_path(const std::string& path) {
  if (path.empty() || path.front() != '/')
    return make_error(
        Code::kInvalidConfig,
        "refused to load a driver: found relative path '" + path + "', expected an absolute one",
        "write the folder in driver-path from the root on");
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr),
                                                         &std::free);
  if (real == nullptr) return errno_error(errno, "load driver " + path);
  const std::string resolved = real.get();
  const struct stat file = TRY(status_of(resolved));
  if (!S_ISREG(file.st_mode))
    return make_error(Code::kInvalidConfig, "refused to load a driver: " + resolved +
                                                " is not a regular file, expected a shared object");
  const std::string folder = folder_of(resolved);
  TRY(check_trusted("folder", folder, TRY(status_of(folder)), geteuid()));
  TRY(check_trusted("file", resolved, file, geteuid()));
  return resolved;
}

}  // namespace streamd::storage
