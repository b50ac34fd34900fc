// Tells a web address, again and again, that a database is well. Silence there is the alarm: it
// also comes when this machine is gone.
#pragma once
#include <map>
#include <mutex>
#include <string>

#include "daemon/observation.h"
#include "daemon/outbox.h"

namespace streamd::daemon {

class Heartbeats {
 public:
  Heartbeats(const config::Config& config, const Clock& clock);

  void follow(const config::Config& config);  // any thread; what goes on goes on
  void look(const replicate::DatabaseStatus& status, MonoTime now);  // never waits
  const Outbox& outbox() const { return outbox_; }
  void finish(MonoTime deadline) { outbox_.finish(deadline); }

 private:
  struct Beat {
    std::string url;
    milliseconds interval{0};
    bool started = false, failing = false;
    MonoTime due{}, well{};  // well: when it last was
  };
  void send(const std::string& url);
  std::mutex mutex_;                   // guards what follows
  std::map<std::string, Beat> beats_;  // by real path
  Outbox outbox_;
};

// The address with a word at the end of its path: /start, /fail.
std::string with_word(const std::string& url, const std::string& word);

}  // namespace streamd::daemon
