#include "state/layout.h"

#include <unistd.h>

#include "base/hash.h"

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

Result<Layout> layout_for(const std::string& database, const std::string& state_dir) {
  Layout layout;
  layout.database = TRY(canonical_path(database));
  const std::string name = name_of(layout.database), hidden = "." + name + "-streamd";
  layout.lock = join_path(folder_of(layout.database), hidden + ".lock");
  if (state_dir.empty()) {
    layout.folder = join_path(folder_of(layout.database), hidden);
  } else {
    const std::uint64_t hash = xxh3(as_bytes(layout.database));
    layout.folder =
        join_path(TRY(canonical_path(state_dir)), name + "-" + to_hex(hash & 0xffffffff, 8));
  }
  return layout;
}

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

Result<File> take_lock(const Layout& layout) {
  auto opened = File::open_write(layout.lock);
  if (!opened && opened.error().code == Code::kPermission)
    return std::move(opened.error())
        .with_hint(
            "streamd's user must be able to write the folder of the database, and this file "
            "if it is there");
  File file = TRY(std::move(opened));
  if (TRY(file.try_lock())) {
    const std::string pid = std::to_string(getpid()) + "\n";
    TRY(file.truncate(0));
    TRY(file.write_at(0, as_bytes(pid)));
    return file;
  }
  Bytes text(32);
  text.resize(TRY(file.read_some_at(0, text)));
  std::string holder(as_text(text).substr(0, as_text(text).find('\n')));
  return make_error(Code::kBusy,
                    "lock " + layout.database + ": another streamd" +
                        (holder.empty() ? "" : " (pid " + holder + ")") +
                        " is replicating this database",
                    "stop it first, or talk to it with streamctl");
}

}  // namespace streamd::state
