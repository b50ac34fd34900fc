#include "daemon/folder_files.h"

#include <algorithm>

#include "base/file.h"
#include "base/log.h"

namespace streamd::daemon {
namespace {

constexpr Micros kYoung = 60'000'000;  // an empty file of this age is no longer waited for

}  // namespace

void FolderFiles::followed(const std::string& path) {
  if (const auto there = stat_path(path); there && *there) headers_.never_open(**there);
}

std::vector<std::string> FolderFiles::look(const config::Directory& directory) {
  const std::lock_guard lock(mutex_);
  Folder& folder = folders_[directory.path + "\n" + directory.pattern];
  const MonoTime now = clock_.mono();
  const auto found = config::find_files(directory, state_dir_);
  folder.new_ones = false;
  folder.looked = now;
  if (found) {
    folder.said = false;
    for (const config::FoundFile& file : *found) {
      const bool known = folder.seen.contains(file.path);
      if (known) headers_.never_open(file.status);  // replaced: it may be followed already
      const auto answer = headers_.look(file.path, file.status);
      if (answer == sqlite::HeaderCheck::Answer::kDatabase) folder.seen[file.path] = now;
      const Micros changed = Micros{file.status.st_ctime} * 1'000'000;
      folder.new_ones |=
          answer == sqlite::HeaderCheck::Answer::kEmpty && clock_.wall_micros() - changed < kYoung;
    }
    std::erase_if(folder.seen, [&](const auto& file) { return now - file.second >= kGrace; });
  } else if (!folder.said) {
    folder.said = true;
    log_error_event(LogLevel::kWarn, "the watched folder cannot be read", found.error(),
                    {{"directory", directory.path}});
  }
  std::vector<std::string> databases;
  for (auto& [path, seen] : folder.seen) {
    databases.push_back(path);
    if (!found) seen = now;
  }
  return databases;
}

std::optional<milliseconds> FolderFiles::undecided() const {
  const std::lock_guard lock(mutex_);
  for (const auto& entry : folders_) {
    const auto& folder = entry.second;
    const auto gone = [&](const auto& file) { return file.second < folder.looked; };
    if (folder.new_ones || std::any_of(folder.seen.begin(), folder.seen.end(), gone))
      return kLookAgain;
  }
  return std::nullopt;
}

}  // namespace streamd::daemon
