#include "restore/scratch.h"

#include <unistd.h>

#include <cerrno>

#include "restore/swap.h"

namespace streamd::restore {

Result<Scratch> Scratch::create(const std::string& target) {
  const std::string path = temporary_path(target);
  auto opened = File::open_write(path);
  if (!opened && opened.error().code == Code::kPermission)
    return std::move(opened.error())
        .with_context("restore " + target)
        .with_hint("run this as a user that may write the folder " + folder_of(target));
  File file = TRY(std::move(opened));
  const auto busy =
      make_error(Code::kBusy, "restore " + target + ": another restore is at work on it",
                 "wait for it, or stop it");
  if (!TRY(file.try_lock())) return busy;
  // The other one may have finished between our opening and our lock.
  const auto there = TRY(stat_path(path));
  if (!there || there->st_ino != TRY(file.status()).st_ino) return busy;
  Scratch scratch(std::move(file));
  TRY(scratch.file_.truncate(0));
  return scratch;
}

Scratch::~Scratch() {
  if (remove_ && file_.is_open()) ::unlink(file_.path().c_str());
}

Status Scratch::set_owner(std::uint32_t uid, std::uint32_t gid, std::uint32_t mode) {
  constexpr std::uint32_t kPermissions = 0777;  // never set-user-id by a stranger's word
  if (geteuid() == 0 && fchown(file_.fd(), uid, gid) != 0)
    return errno_error(errno, "set the owner of " + file_.path());
  if ((mode & kPermissions) != 0 && fchmod(file_.fd(), mode & kPermissions) != 0)
    return errno_error(errno, "set the mode of " + file_.path());
  return {};
}

}  // namespace streamd::restore
