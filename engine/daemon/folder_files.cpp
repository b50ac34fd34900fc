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

std::string FolderFiles::key_of(const config::Directory& directory) {
  return directory.path + "\n" + directory.pattern;
}

void FolderFiles::take(Folder& folder, const config::FoundFiles& found, MonoTime now) {
  for (const config::FoundFile& file : found.files) {
    const bool known = folder.seen.contains(file.path);
    if (known) headers_.never_open(file.status);  // replaced: it may be followed already
    const auto answer = headers_.look(file.path, file.status);
    if (answer == sqlite::HeaderCheck::Answer::kDatabase) folder.seen[file.path] = now;
    const Micros changed = Micros{file.status.st_ctime} * 1'000'000;
    folder.new_ones |=
        answer == sqlite::HeaderCheck::Answer::kEmpty && clock_.wall_micros() - changed < kYoung;
  }
  for (auto& [path, seen] : folder.seen)
    for (const config::UnreadFolder& unread : found.unread)
      if (path.starts_with(unread.path + "/")) seen = now;
  std::erase_if(folder.seen, [&](const auto& file) { return now - file.second >= kGrace; });
}

std::vector<std::string> FolderFiles::look(const config::Directory& directory) {
  const std::lock_guard lock(mutex_);
  Folder& folder = folders_[key_of(directory)];
  const MonoTime now = clock_.mono();
  const auto found = config::find_files(directory, state_dir_);
  folder.new_ones = false;
  folder.looked = now;
  if (found) {
    folder.error.reset();
    take(folder, *found, now);
    if (found->unread.size() > folder.unread)
      log_error_event(LogLevel::kWarn,
                      "databases in a folder that cannot be read are not looked for",
                      found->unread.front().error,
                      {{"directory", directory.path}, {"such_folders", found->unread.size()}});
    folder.unread = found->unread.size();
  } else {
    if (!folder.error)
      log_error_event(LogLevel::kWarn, "the watched folder cannot be read", found.error(),
                      {{"directory", directory.path}});
    folder.error = Error(found.error())
                       .with_context("the watched folder cannot be read")
                       .with_hint("let streamd's user read it; is the path right?");
  }
  std::vector<std::string> databases;
  for (auto& [path, seen] : folder.seen) {
    databases.push_back(path);
    if (!found) seen = now;
  }
  return databases;
}

std::vector<FolderStatus> FolderFiles::status(
    const std::vector<config::Directory>& directories) const {
  const std::lock_guard lock(mutex_);
  std::vector<FolderStatus> all;
  for (const config::Directory& directory : directories) {
    const auto known = folders_.find(key_of(directory));
    all.push_back({directory.path, known == folders_.end() ? std::nullopt : known->second.error});
  }
  return all;
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
