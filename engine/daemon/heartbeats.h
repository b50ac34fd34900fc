// Tells a web address, again and again, that its databases are well: those that name it. Silence
// there is the alarm: it also comes when this machine is gone.
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
    milliseconds interval{0};
    bool started = false, failing = false;
    MonoTime due{};
    std::map<std::string, MonoTime> well;  // when each was last, by real path
  };
  bool send(const std::string& url);              // false: too much waits
  std::mutex mutex_;                              // guards what follows
  std::map<std::string, Beat> beats_;             // by address
  std::map<std::string, std::string> addresses_;  // by real path
  Outbox outbox_;
};

// The address with a word at the end of its path: /start, /fail.
std::string with_word(const std::string& url, const std::string& word);

}  // namespace streamd::daemon
