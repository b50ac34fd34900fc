// Ways below the root. No symbolic link there is followed: whoever may write a store, on a share or
// on a drive that was away, could else lead what is written or removed to any place of this
// machine.
#pragma once
#include <string>
#include <string_view>

#include "descriptor.h"

namespace streamd::file_driver {

// The folder at `path` below `root`, "." for the root itself; `flags` besides those of a folder.
// Not valid: errno is set, ENOTDIR when a link or a file is in the way.
Descriptor open_folder(int root, std::string_view path, int flags);

std::string folder_part(const std::string& path);  // "." when it has none

// An object, or whatever has its name: the folder that it is in, and its name there.
struct Place {
  Descriptor folder;  // not valid: see open_folder
  std::string name;
};
Place place_of(int root, const std::string& path);

}  // namespace streamd::file_driver
