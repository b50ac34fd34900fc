// Who outside of the daemon is told how it goes: what can be said wrong about it in a
// configuration. Pure.
#pragma once
#include <array>

#include "config/model.h"

namespace streamd::config {

// Of events, as the option `events` and the events themselves spell them.
inline constexpr std::array<const char*, 6> kEventNames{
    "failing", "recovered", "generation-started", "taken-over", "snapshot-taken", "drill-failed"};

// An address that others than this machine reach needs a token that cannot be guessed. An empty
// `http` is always right. kInvalidConfig.
Status check_http(const std::string& http, const std::string& token);

// Addresses of heartbeats and events, names of events, commands.
void check_reporting(const Config& config, Problems& problems);

}  // namespace streamd::config
