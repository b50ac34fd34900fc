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

// Regular files below the folder whose names match its pattern, sorted by path. Not among them:
// what is hidden, as our own state is, what SQLite keeps beside a database, symbolic links, and
// what lies in `state_dir`. kNotFound when the folder does not exist; one below it that cannot be
// read is an error, too: its files are not gone.
Result<std::vector<FoundFile>> find_files(const Directory& directory, const std::string& state_dir);

// Whether a file of this path would be meant, if it existed.
bool belongs_to(const Directory& directory, const std::string& path);

// The folder itself and, when it is recursive, those below it, as find_files goes through them.
std::vector<std::string> folders_of(const Directory& directory, const std::string& state_dir);

}  // namespace streamd::config
