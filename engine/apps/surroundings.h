// What a configuration counts on, held against this machine.
#pragma once
#include <optional>
#include <string>

#include "config/model.h"

namespace streamd::apps {

// Who asks: streamd itself, or somebody whose rights say nothing about streamd's.
enum class Asker : std::uint8_t { kDaemon, kAnybody };

// Databases that do not exist (a warning: they may be made later) or are no files, a
// state-dir and a control socket that cannot be made. Nothing is opened or changed. `control` is
// what --control says.
config::Problems check_surroundings(const config::Config& config,
                                    const std::optional<std::string>& control, Asker asker);

}  // namespace streamd::apps
