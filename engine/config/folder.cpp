#include "config/folder.h"

#include <fnmatch.h>

#include <algorithm>
#include <cerrno>
#include <functional>

#include "base/file.h"

namespace streamd::config {
namespace {

constexpr int kDeepest = 32;

bool is_meant(const std::string& name, const std::string& pattern) {
  if (name.front() == '.' || name.find(".before-restore-") != std::string::npos) return false;
  for (const char* ending : {"-wal", "-shm", "-journal"})
    if (name.ends_with(ending)) return false;
  return fnmatch(pattern.c_str(), name.c_str(), FNM_NOESCAPE) == 0;
}

struct Walk {
  bool recursive;
  const std::string& state_dir;
  std::function<void(const std::string& path, const struct stat& status)> visit;
  std::vector<UnreadFolder> unread{};

  Status through(const std::string& folder, int depth);
};

// Every name in the folder that is a file or a folder; of one that went away meanwhile nothing.
Status Walk::through(const std::string& folder, int depth) {
  for (const std::string& name : TRY(list_folder(folder))) {
    if (name.front() == '.') continue;
    const std::string path = join_path(folder, name);
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
      if (errno == EACCES) return errno_error(errno, "look at what is in " + folder);
      continue;
    }
    const bool below = S_ISDIR(status.st_mode) && recursive && path != state_dir;
    if (!below && !S_ISREG(status.st_mode)) continue;
    visit(path, status);
    if (!below || depth >= kDeepest) continue;
    const Status walked = through(path, depth + 1);
    if (!walked && walked.error().code != Code::kNotFound) unread.push_back({path, walked.error()});
  }
  return {};
}

}  // namespace

Result<FoundFiles> find_files(const Directory& directory, const std::string& state_dir) {
  FoundFiles found;
  Walk walk{directory.recursive, state_dir,
            [&](const std::string& path, const struct stat& status) {
              if (S_ISREG(status.st_mode) && is_meant(name_of(path), directory.pattern))
                found.files.push_back({path, status});
            }};
  TRY(walk.through(directory.path, 0));
  found.unread = std::move(walk.unread);
  std::sort(found.files.begin(), found.files.end(),
            [](const FoundFile& left, const FoundFile& right) { return left.path < right.path; });
  return found;
}

bool belongs_to(const Directory& directory, const std::string& path) {
  const std::string above = directory.path + "/";
  if (!path.starts_with(above) || path.size() == above.size()) return false;
  const std::string below = path.substr(above.size());
  const bool nested = below.find('/') != std::string::npos;
  return (directory.recursive || !nested) && below.find("/.") == std::string::npos &&
         is_meant(name_of(path), directory.pattern) && below.front() != '.';
}

std::vector<std::string> folders_of(const Directory& directory, const std::string& state_dir) {
  std::vector<std::string> folders{directory.path};
  Walk walk{true, state_dir, [&](const std::string& path, const struct stat& status) {
              if (S_ISDIR(status.st_mode)) folders.push_back(path);
            }};
  if (directory.recursive) (void)walk.through(directory.path, 0);  // find_files says what fails
  return folders;
}

}  // namespace streamd::config
