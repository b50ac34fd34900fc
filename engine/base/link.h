// Hard links, for who keeps a file that another one may remove.
#pragma once
#include <string>

#include "base/result.h"

namespace streamd {

// `to` becomes another name of the file `from`. kExists when there is something already; fails
// where the file system has no links, and across file systems.
Status link_file(const std::string& from, const std::string& to);

}  // namespace streamd
