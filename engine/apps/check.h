// streamd --check and streamctl config check: everything that is wrong, at once.
#pragma once
#include "apps/setup.h"

namespace streamd::apps {

// Databases that exist and cannot be followed now, by the user who asks: not in WAL mode, no right
// to write them, or waiting for their application. One warning each.
config::Problems unprotected_databases(const config::Config& config);

// The report for people; empty when there is nothing to say.
struct CheckResult {
  std::string report;
  int exit_code = 0;  // 40 with errors; 1 when a database is not protected
};
// `control`: what --control says.
CheckResult check_configuration(const Setup& setup, const std::optional<std::string>& control);

}  // namespace streamd::apps
