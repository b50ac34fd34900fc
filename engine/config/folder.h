// Watched folders: which of the files in one are meant, by their names alone. Nothing is opened.
#pragma once
#include <sys/stat.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "config/model.h"

namespace streamd::config {

struct FoundFile {
  std::string path;
  struct stat status {};
};

// A folder below the watched one that cannot be read: its files are not gone.
struct UnreadFolder {
  std::string path;
  Error error;
};

struct FoundFiles {
  std::vector<FoundFile> files;  // sorted by path
  std::vector<UnreadFolder> unread;
};

// Regular files below the folder whose names match its pattern. Not among them: what is hidden, as
// our own state is, what SQLite keeps beside a database, symbolic links, and what lies in
// `state_dir`. An error when the folder itself does not exist or cannot be read.
Result<FoundFiles> find_files(const Directory& directory, const std::string& state_dir);

// Whether a file of this path would be meant, if it existed.
bool belongs_to(const Directory& directory, const std::string& path);

// The folder itself and, when it is recursive, those below it, as find_files goes through them.
std::vector<std::string> folders_of(const Directory& directory, const std::string& state_dir);

}  // namespace streamd::config
