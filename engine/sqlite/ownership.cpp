#include "sqlite/ownership.h"

#include <unistd.h>

#include "base/file.h"

namespace streamd::sqlite {

bool owner_can_use_what_we_create(const struct stat& database, const struct stat& folder,
                                  uid_t euid, gid_t egid) {
  if (euid == 0 || euid == database.st_uid) return true;
  const gid_t created_group = (folder.st_mode & S_ISGID) != 0 ? folder.st_gid : egid;
  return created_group == database.st_gid && (database.st_mode & S_IWGRP) != 0;
}

Status check_ownership_before_open(const std::string& path) {
  const auto database = TRY(stat_path(path));
  if (!database)
    return make_error(Code::kNotFound, "attach " + path + ": there is no such database",
                      "check the path, or restore it: streamctl restore " + path);
  if (!S_ISREG(database->st_mode))
    return make_error(Code::kInvalidConfig, "attach " + path + ": not a regular file");
  const bool complete =
      TRY(stat_path(path + "-wal")).has_value() && TRY(stat_path(path + "-shm")).has_value();
  if (complete) return {};
  const auto folder = TRY(stat_path(folder_of(path)));
  if (folder && owner_can_use_what_we_create(*database, *folder, geteuid(), getegid())) return {};
  return make_error(
      Code::kBusy, "attach " + path + ": waiting for the application to open it",
      "run streamd as root or as the database's owner, or share a group that may write it");
}

}  // namespace streamd::sqlite
