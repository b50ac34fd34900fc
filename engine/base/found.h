// What lies under a name that anybody may have taken, in a folder that others may write too.
#pragma once
#include <functional>

#include "base/file.h"

namespace streamd {

// As stat_path, of the name itself: a symbolic link is not followed.
Result<std::optional<struct stat>> stat_link(const std::string& path);

// Where the symbolic links end that a path names: the path itself when it is none. What they lead
// to need not exist. `check` sees each link; its error ends the walk.
using LinkCheck = std::function<Status(const std::string& link, const struct stat& info)>;
Result<std::string> end_of_links(const std::string& path, const LinkCheck& check = {});

// To read. kPermission when it is no regular file: a symbolic link, a pipe, a device.
Result<File> open_found(const std::string& path);

// Why it is not used. `what` lies there: "a symbolic link".
Error not_ours(const std::string& path, const std::string& what);

}  // namespace streamd
