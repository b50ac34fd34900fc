#include "state/folder.h"

#include <unistd.h>

#include "base/found.h"

namespace streamd::state {
namespace {

Status check_owner(const std::string& folder, uid_t owner, const std::optional<struct stat>& db) {
  if (owner == 0 || owner == geteuid() || (db && owner == db->st_uid)) return {};
  return make_error(Code::kPermission,
                    "the local state " + folder + " belongs to user " + std::to_string(owner) +
                        ", who is neither this user nor the owner of the database",
                    "find out who made it; if it is yours: chown it to the user of streamd");
}

}  // namespace

Status provide_folder(const Layout& layout) {
  if (!TRY(stat_link(layout.folder))) TRY(make_folders(layout.folder));
  const auto link = TRY(stat_link(layout.folder)), folder = TRY(stat_path(layout.folder)),
             database = TRY(stat_path(layout.database));
  if (!link || !folder || !S_ISDIR(folder->st_mode))
    return make_error(Code::kPermission, "the local state " + layout.folder + " is no folder",
                      "find out who made it, then remove it");
  TRY(check_owner(layout.folder, link->st_uid, database));
  TRY(check_owner(layout.folder, folder->st_uid, database));
  if ((folder->st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return make_error(Code::kPermission,
                      "the local state " + layout.folder + " can be written by others",
                      "look whether they have; then chmod go-w " + layout.folder);
  return {};
}

}  // namespace streamd::state
