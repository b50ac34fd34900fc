// Whether two readings of a configuration mean the same: what a reload may leave alone. Where a
// value was written does not count. Pure.
#pragma once
#include <string>
#include <vector>

#include "config/model.h"

namespace streamd::config {

bool same_settings(const Database& left, const Database& right);
// The options that differ, by name.
std::vector<std::string> changed_options(const Settings& before, const Settings& after);

}  // namespace streamd::config
