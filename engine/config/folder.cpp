#include "config/folder.h"

#include <fnmatch.h>

#include <algorithm>
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

using Visit = std::function<void(const std::string& path, const struct stat& status)>;

// Every name in the folder that is a file or a folder; of one that went away meanwhile nothing.
Status walk(const std::string& folder, bool recursive, const std::string& state_dir, int depth,
            const Visit& visit) {
  const auto names = list_folder(folder);
  if (!names && names.error().code == Code::kNotFound && depth > 0) return {};
  if (!names) return Error(names.error());
  for (const std::string& name : *names) {
    const std::string path = join_path(folder, name);
    struct stat status {};
    if (name.front() == '.' || ::lstat(path.c_str(), &status) != 0) continue;
    const bool below = S_ISDIR(status.st_mode) && recursive && path != state_dir;
    if (!below && !S_ISREG(status.st_mode)) continue;
    visit(path, status);
    if (below && depth < kDeepest) TRY(walk(path, recursive, state_dir, depth + 1, visit));
  }
  return {};
}

}  // namespace

Result<std::vector<FoundFile>> find_files(const Directory& directory,
                                          const std::string& state_dir) {
  std::vector<FoundFile> found;
  TRY(walk(directory.path, directory.recursive, state_dir, 0,
           [&](const std::string& path, const struct stat& status) {
             if (S_ISREG(status.st_mode) && is_meant(name_of(path), directory.pattern))
               found.push_back({path, status});
           }));
  std::sort(found.begin(), found.end(),
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
  if (directory.recursive)  // what cannot be read is said by find_files
    (void)walk(directory.path, true, state_dir, 0,
               [&](const std::string& path, const struct stat& status) {
                 if (S_ISDIR(status.st_mode)) folders.push_back(path);
               });
  return folders;
}

}  // namespace streamd::config
