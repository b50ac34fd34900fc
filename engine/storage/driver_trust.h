// Whether code may be loaded from a path: the rule that keeps a driver folder from becoming a way
// to run code as the service.
#pragma once
#include <sys/stat.h>

#include <string>

#include "base/result.h"

namespace streamd::storage {

// Owned by root or `self`, and writable by nobody else. `what` is "folder" or "file".
Status check_trusted(const std::string& what, const std::string& path, const struct stat& status,
                     uid_t self);

// The real path of an absolute path to a driver, after the file and its folder passed the check
// (with the effective user as self). Symbolic links are resolved first: what counts is where the
// code lies.
Result<std::string> trusted_driver_path(const std::string& path);

}  // namespace streamd::storage
