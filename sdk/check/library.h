// Loads a driver as a host does.
#pragma once
#include <streamd/driver.h>

#include <string>

namespace streamd::check {

// The host's copy of the table of the driver in `path`: what this header knows and the driver has,
// the rest zero. Throws Failure with one sentence. The library stays loaded.
streamd_driver load_driver(const std::string& path);

}  // namespace streamd::check
