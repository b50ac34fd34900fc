// Where a local state lives: what tells two copies of it apart.
#pragma once
#include <string>

#include "base/file.h"

namespace streamd::state {

struct Home {
  std::string host;  // the machine's name
  std::string boot;  // which start of its kernel; empty when the system does not say
  std::string lock;  // device and inode of the lock file, "2049:131": no copy has the same ones
};

// `lock` is the database's, open (layout.h).
Result<Home> find_home(const File& lock);

}  // namespace streamd::state
