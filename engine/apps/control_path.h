// Where the control socket is. The same rules on both ends, so that they meet without being told.
#pragma once
#include <optional>
#include <string>

#include "config/model.h"

namespace streamd::apps {

struct ControlPath {
  std::string path;     // empty = no control socket
  bool chosen = false;  // somebody wrote it; else a daemon that cannot have it goes on without
};

// For the daemon: --control or $STREAMD_CONTROL, else what the configuration says, else
// /run/streamd/control.sock where we may make it, else below $XDG_RUNTIME_DIR.
ControlPath daemon_control(const config::Config& config, const std::optional<std::string>& given);

// For the client: the same, but of the two last ones that which exists.
std::string client_control(const config::Config& config, const std::optional<std::string>& given);

}  // namespace streamd::apps
