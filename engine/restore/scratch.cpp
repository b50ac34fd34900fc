#include "restore/scratch.h"

#include <unistd.h>

#include <cerrno>

#include "base/found.h"
#include "restore/swap.h"

namespace streamd::restore {

namespace {

Error busy(const std::string& target) {
  return make_error(Code::kBusy, "restore " + target + ": another restore is at work on it",
                    "wait for it, or stop it");
}

// What a killed run left goes. It is not used again: in a folder that others may write, it may as
// well be the file of somebody who waits to read, or to write, what we put into it.
Status remove_leftover(const std::string& target) {
  const auto left = open_found(temporary_path(target));
  if (!left && left.error().code == Code::kNotFound) return {};
  if (!left) {
    Error error = Error(left.error()).with_context("restore " + target);
    if (error.hint.empty())
      error.hint = "a restore by another user left it: remove it, or let that user";
    return error;
  }
  if (!TRY(left->try_lock())) return busy(target);
  return remove_file(temporary_path(target));
}

}  // namespace

Result<Scratch> Scratch::create(const std::string& target) {
  TRY(remove_leftover(target));
  const std::string path = temporary_path(target);
  auto made = File::create_new(path);
  if (!made && made.error().code == Code::kExists) return busy(target);
  if (!made && made.error().code == Code::kPermission)
    return std::move(made.error())
        .with_context("restore " + target)
        .with_hint("run this as a user that may write the folder " + folder_of(target));
  File file = TRY(std::move(made));
  if (!TRY(file.try_lock())) return busy(target);
  // Another one may have taken it for a leftover between our making it and our lock.
  const auto there = TRY(stat_link(path));
  if (!there || there->st_ino != TRY(file.status()).st_ino) return busy(target);
  return Scratch(std::move(file));
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
