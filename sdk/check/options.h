// Checks a user's options against a driver's table and spells them as open takes them.
#pragma once
#include <streamd/driver.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace streamd::check {

// `given`: values as a user writes them ("64MiB", "30s", "true"). Adds defaults. Throws Failure for
// an unknown or missing option and for a value that does not fit its type.
std::vector<std::pair<std::string, std::string>> checked_options(
    const streamd_driver& driver, const std::map<std::string, std::string>& given);

}  // namespace streamd::check
