// streamctl restore --follow: what it prints while it keeps a copy current.
#pragma once
#include "apps/signals.h"
#include "base/json.h"
#include "follow/follow.h"

namespace streamd::apps {

// One line an event, flushed: text, or JSON with the names that scripts rely on
// (docs/following.md). Trouble goes to stderr as well when the lines are JSON.
std::string follow_line(const std::string& out, const follow::Event& event);
Json follow_json(const std::string& out, const follow::Event& event);

// Until TERM or INT, which is a good end.
Status keep_following(std::span<const restore::Replica> replicas,
                      const restore::RestoreOptions& options, milliseconds interval, bool json,
                      const Signals& signals);

}  // namespace streamd::apps
