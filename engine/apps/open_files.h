// The limit of open files: raised as far as allowed, and held against what is configured.
#pragma once
#include "base/result.h"
#include "config/model.h"

namespace streamd::apps {

// How many descriptors the daemon may have open at a time with this configuration.
std::uint64_t needed_files(const config::Config& config);

// Raises the soft limit to the hard one. kInvalidConfig when that is not enough for `config`: the
// daemon would fail later, at its databases and at its control socket.
Status allow_open_files(const config::Config& config);

}  // namespace streamd::apps
