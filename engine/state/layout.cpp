#include "state/layout.h"

#include <unistd.h>

#include "base/found.h"
#include "base/hash.h"

namespace streamd::state {

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

namespace {

// False: between our opening it and our lock it was removed, or made anew.
Result<bool> is_still_there(const File& file) {
  const auto there = TRY(stat_link(file.path()));
  const struct stat ours = TRY(file.status());
  return there && there->st_ino == ours.st_ino && there->st_dev == ours.st_dev;
}

}  // namespace

Result<BriefLock> BriefLock::take(const Layout& layout) {
  BriefLock lock;
  const bool there = TRY(stat_link(layout.lock)).has_value();
  lock.file_ = TRY(take_lock(layout));
  lock.made_ = !there;
  return lock;
}

// While it is held: who has opened it meanwhile finds it gone (take_lock).
BriefLock::~BriefLock() {
  if (made_ && file_.is_open()) ::unlink(file_.path().c_str());
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
    if (!TRY(is_still_there(file))) return take_lock(layout);
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
