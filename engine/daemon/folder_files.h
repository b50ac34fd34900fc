// What is in the watched folders now, with some patience: a file that is being replaced is gone for
// a moment, and its database must not leave for that.
#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/folder.h"
#include "sqlite/header.h"

namespace streamd::daemon {

// A watched folder; with an error it cannot be read, and its databases are not known.
struct FolderStatus {
  std::string directory;
  std::optional<Error> error;
};

// Any thread.
class FolderFiles {
 public:
  static constexpr milliseconds kGrace{5000};     // of a file that is gone
  static constexpr milliseconds kLookAgain{500};  // at one that is not a database yet

  FolderFiles(std::string state_dir, const Clock& clock)
      : state_dir_(std::move(state_dir)), clock_(clock) {}

  // The databases of a folder: those found, and those that were there up to kGrace ago. When the
  // folder, or one below it, cannot be read, those that were there last; it is logged once.
  std::vector<std::string> look(const config::Directory& directory);
  // As each was at its last look.
  std::vector<FolderStatus> status(const std::vector<config::Directory>& directories) const;
  // Followed by this process under a name that is not of a watched folder.
  void followed(const std::string& path);
  // When to look again, though no file comes or goes; nullopt when nothing is undecided.
  std::optional<milliseconds> undecided() const;
  const std::string& state_dir() const { return state_dir_; }

 private:
  struct Folder {
    std::map<std::string, MonoTime> seen;  // by path: when last
    MonoTime looked{};
    bool new_ones = false;       // empty and young
    std::optional<Error> error;  // of the last look
    std::size_t unread = 0;      // folders below it that could not be read then
  };
  static std::string key_of(const config::Directory& directory);
  void take(Folder& folder, const config::FoundFiles& found, MonoTime now);
  const std::string state_dir_;
  const Clock& clock_;
  sqlite::HeaderCheck headers_;
  mutable std::mutex mutex_;
  std::map<std::string, Folder> folders_;  // by path and pattern
};

}  // namespace streamd::daemon
