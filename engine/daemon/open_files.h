// The limit of open files: raised as far as allowed, and held against what is configured.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "config/model.h"

namespace streamd::daemon {

// How many descriptors the daemon must be allowed to have open with this configuration.
std::uint64_t needed_files(const config::Config& config);

// Raises the soft limit to the hard one. kInvalidConfig when that is not enough for `config`: the
// daemon would fail later, at its databases and at its control socket.
Status allow_open_files(const config::Config& config);

// How many databases may be awake at a time (replicate/wake_permit.h) under the limit as it is now.
std::size_t awake_at_once(const config::Config& config);

}  // namespace streamd::daemon
