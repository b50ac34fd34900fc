// Looks at all databases every two seconds: keeps their lag of the last hour, and tells who wants
// to know what has happened (events, heartbeats).
#pragma once
#include <map>
#include <mutex>
#include <thread>

#include "daemon/event_watch.h"
#include "daemon/heartbeats.h"
#include "daemon/lag_history.h"
#include "daemon/notifier.h"

namespace streamd::daemon {

class Observer {
 public:
  // Borrows the supervisor and the clock. Nothing is looked at before start().
  Observer(const Supervisor& supervisor, const config::Config& config, const Clock& clock);
  ~Observer();  // tells what waits, for some seconds at most

  void start();
  // Any thread: heartbeats as another configuration says. Events stay as they were: they need a
  // restart, and the reload says so.
  void follow(const config::Config& config) { heartbeats_.follow(config); }
  // Any thread.
  std::vector<float> lag_minutes(const std::string& database, const std::string& replica) const;
  void add_figures(std::uint64_t& lost, std::uint64_t& failed) const;  // of what was to be told

 private:
  void main();
  void look();

  const Supervisor& supervisor_;
  const Clock& clock_;
  Notifier notifier_;
  Heartbeats heartbeats_;
  struct Watched {
    EventWatch watch;
    MonoTime seen{};
  };
  std::map<std::string, Watched> watched_;  // by path; of the thread
  mutable std::mutex mutex_;                // guards the history
  LagHistory history_;
  Cancel stop_;
  std::thread thread_;
};

}  // namespace streamd::daemon
