// What lies under a name that anybody may have taken, in a folder that others may write too.
#pragma once
#include "base/file.h"

namespace streamd {

// As stat_path, of the name itself: a symbolic link is not followed.
Result<std::optional<struct stat>> stat_link(const std::string& path);

// To read. kPermission when it is no regular file: a symbolic link, a pipe, a device.
Result<File> open_found(const std::string& path);

// Why it is not used. `what` lies there: "a symbolic link".
Error not_ours(const std::string& path, const std::string& what);

}  // namespace streamd
