#include "daemon/notifier.h"

#include <unistd.h>

#include "config/reporting.h"
#include "daemon/child_command.h"
#include "daemon/web_request.h"

namespace streamd::daemon {
namespace {

std::string host_name() {
  char name[256] = "";
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

}  // namespace

Notifier::Notifier(const config::StreamdSettings& settings, const Clock& clock)
    : command_(settings.on_event),
      url_(settings.on_event_url),
      limit_(settings.on_event_timeout),
      host_(host_name()),
      clock_(clock),
      wanted_(settings.events.begin(), settings.events.end()),
      outbox_("event", 1, clock) {
  if (!settings.events.empty()) return;
  wanted_.insert(config::kEventNames.begin(), config::kEventNames.end());
  wanted_.erase(event_name(EventKind::kSnapshotTaken));  // once a day, and as it should be
}

void Notifier::tell(const Event& event) {
  if (!wanted_.contains(event_name(event.kind))) return;
  const std::string json = to_json(event, host_).print() + "\n";
  if (!command_.empty())
    outbox_.put([this, json](const Cancel& hurry) {
      return run_command(command_, json, limit_, hurry, clock_);
    });
  if (!url_.empty())
    outbox_.put(
        [this, json](const Cancel& hurry) { return web_request(url_, json, limit_, hurry); });
}

}  // namespace streamd::daemon
