// Tells events to a command and to a web address, one after the other, as the configuration says.
#pragma once
#include <set>

#include "daemon/event_watch.h"
#include "daemon/outbox.h"

namespace streamd::daemon {

class Notifier {
 public:
  Notifier(const config::StreamdSettings& settings, const Clock& clock);

  void tell(const Event& event);  // never waits
  const Outbox& outbox() const { return outbox_; }
  void finish(MonoTime deadline) { outbox_.finish(deadline); }

 private:
  const std::vector<std::string> command_;
  const std::string url_;
  const milliseconds limit_;
  const std::string host_;
  const Clock& clock_;
  std::set<std::string> wanted_;  // names
  Outbox outbox_;
};

}  // namespace streamd::daemon
