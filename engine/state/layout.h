// Where the local state of a database lies, and the lock that lets one daemon have it.
#pragma once
#include <string>
#include <utility>

#include "base/file.h"
#include "base/result.h"

namespace streamd::state {

struct Layout {
  std::string database;  // canonical path
  std::string folder;    // ".<name>-streamd" beside it, or "<name>-<8 hex>" below state-dir
  std::string lock;      // ".<name>-streamd.lock" beside the database, wherever the folder is

  std::string identity() const { return join_path(folder, "identity.json"); }
  std::string tip() const { return join_path(folder, "position"); }
  std::string left() const { return join_path(folder, "left"); }
  std::string checked() const { return join_path(folder, "checked"); }
  std::string paused() const { return join_path(folder, "paused"); }
  std::string ledger() const { return join_path(folder, "ledger"); }
  std::string spool() const { return join_path(folder, "spool"); }
  std::string replica(const std::string& name) const {
    return join_path(join_path(folder, "replicas"), name);
  }
};

// state_dir empty = beside the database. The database itself need not exist.
Result<Layout> layout_for(const std::string& database, const std::string& state_dir);

// Held while the File lives; kBusy with a clear sentence when another process has it.
Result<File> take_lock(const Layout& layout);

// That of who may have nothing to do: a file that was not there before goes with it, unless kept.
class BriefLock {
 public:
  static Result<BriefLock> take(const Layout& layout);
  BriefLock() = default;
  BriefLock(BriefLock&& other) noexcept
      : file_(std::move(other.file_)), made_(std::exchange(other.made_, false)) {}
  BriefLock& operator=(BriefLock&& other) noexcept {
    std::swap(file_, other.file_);
    std::swap(made_, other.made_);
    return *this;
  }
  ~BriefLock();
  bool is_open() const { return file_.is_open(); }
  void keep() { made_ = false; }

 private:
  File file_;
  bool made_ = false;
};

}  // namespace streamd::state
