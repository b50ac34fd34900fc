#include "restore/place.h"

#include <unistd.h>

#include "base/found.h"
#include "restore/restore.h"

namespace streamd::restore {
namespace {

// A link that leads to nothing says where a file is to be made: not at a stranger's word.
Status trust_links(const std::string& out) {
  if (TRY(stat_path(out))) return {};
  const auto check = [&](const std::string& link, const struct stat& info) -> Status {
    if (info.st_uid == 0 || info.st_uid == geteuid()) return {};
    return make_error(Code::kPermission,
                      "restore " + out + ": " + link + " is a symbolic link of user " +
                          std::to_string(info.st_uid) + " that leads to nothing",
                      "find out who has made it, then remove it, or name the file itself with -o");
  };
  (void)TRY(end_of_links(out, check));
  return {};
}

Result<std::string> find_target(const std::string& out) {
  TRY(trust_links(out));
  auto target = canonical_path(out);
  if (target || target.error().code != Code::kNotFound) return target;
  const std::string folder = folder_of(TRY(end_of_links(out)));
  return make_error(Code::kNotFound, "restore " + out + ": there is no folder " + folder,
                    "make it first: mkdir -p " + folder);
}

}  // namespace

Result<Place> Place::find(const RestoreOptions& options) {
  auto target = find_target(options.out);
  Place place(options, TRY(std::move(target)));
  const auto there = TRY(stat_path(place.target_));
  if (there && S_ISDIR(there->st_mode))
    return make_error(Code::kUsage, "restore " + place.target_ + ": it is a folder",
                      "name the file that is to be restored");
  place.owner_ = {geteuid(), getegid(), 0};
  if (there) place.owner_ = {there->st_uid, there->st_gid, there->st_mode};
  return place;
}

Result<bool> Place::allowed() const {
  const auto existing = TRY(existing_files(target_));
  if (existing.empty() || options_->force) return true;
  const bool database_there = existing.front() == target_;
  if (!database_there && options_->replace_leftovers) return true;
  if (database_there && options_->if_missing) return false;
  return make_error(Code::kTargetExists,
                    "restore " + target_ + ": " +
                        (completed_earlier_ ? "a restore of it that was interrupted is complete now"
                         : database_there   ? "it exists"
                                            : existing.front() + " exists beside it"),
                    "--force moves what exists away first, -o restores to another file");
}

Result<bool> Place::nothing_to_do() const {
  return options_->if_missing && !options_->force && TRY(stat_path(target_)) &&
         !TRY(swap_pending(target_));
}

// A daemon that follows the target holds the lock beside it, whatever the configuration here says,
// and would go on in the file that is moved away.
Status Place::lock() {
  if (lock_.is_open() || options_->lock_held) return {};
  const state::Layout layout =
      options_->local_state ? *options_->local_state : TRY(state::layout_for(target_, ""));
  if (!options_->local_state && !TRY(stat_path(layout.lock))) return {};
  auto lock = state::BriefLock::take(layout);
  if (!lock && lock.error().code == Code::kBusy)
    return std::move(lock.error())
        .with_hint("stop that streamd first, or restore to another file with -o");
  lock_ = TRY(std::move(lock));
  return {};
}

Result<bool> Place::begin() {
  if (TRY(nothing_to_do())) return false;
  TRY(lock());
  completed_earlier_ = TRY(complete_swap(target_));
  return allowed();
}

Status Place::finish(Scratch& scratch, sqlite::Check check, const Owner& owner,
                     std::uint64_t fetched) {
  const auto tell = [&](const char* phase) {
    if (options_->progress) options_->progress({phase, fetched, fetched});
  };
  if (check != sqlite::Check::kNone) {
    tell("checking");
    TRY(sqlite::check_file(scratch.file().path(), check, options_->cancel));
  }
  tell("finishing");
  TRY(scratch.set_owner(owner.uid, owner.gid, owner.mode));
  TRY(scratch.file().sync());
  if (options_->cancel != nullptr && options_->cancel->cancelled())
    return make_error(Code::kCancelled, "restore: cancelled");
  return {};
}

Result<std::vector<std::string>> Place::take(Scratch& scratch, const NewState& state) {
  TRY(lock());          // a daemon may have begun while we worked
  if (!TRY(allowed()))  // it appeared meanwhile
    return make_error(Code::kTargetExists, "restore " + target_ + ": it exists by now");
  auto moved = swap_into_place(
      {target_, ".before-restore-" + format_time_compact(options_->clock->wall_micros()),
       state.path, state.prepared});
  if (!moved && !TRY(swap_pending(target_))) return moved;
  scratch.keep();
  lock_.keep();
  return moved;
}

}  // namespace streamd::restore
