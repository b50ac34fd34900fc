// What the daemon answers on its control socket: requests to values, no sockets in here.
//
// docs/control-api.yaml describes every request; the table in control_api.cpp is what it says.
// Unknown paths are 404, other methods 405, what is not understood 400. Failures are {"error":
// {"code", "exit_code", "message", "hint"}}.
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <string>

#include "base/json.h"
#include "daemon/commands.h"
#include "daemon/supervisor.h"

namespace streamd::daemon {

struct ControlRequest {
  std::string method, path;
  std::map<std::string, std::string> query;
  std::string body;
  std::function<bool()> client_gone;  // asked now and then while it waits; may be empty
};

struct ControlReply {
  int http_status = 200;
  Json body;
};

struct DaemonFacts {
  std::string version, control;
  Micros started = 0;
};

// Who may ask what.
enum class Audience : std::uint8_t {
  kOperators,     // everything
  kApplications,  // to wait, and for the status
};

// Any thread.
class ControlApi {
 public:
  // Borrows all three. `most_waits`: requests that wait for replicas at the same time; one more is
  // refused, so that waiting clients never use up the threads.
  ControlApi(Supervisor& supervisor, Commands& commands, DaemonFacts facts, const Clock& clock,
             int most_waits, Audience audience);
  ControlReply handle(const ControlRequest& request);
  void cancel();  // ends all waiting; later requests fail

 private:
  struct Route;
  static const std::vector<Route>& routes();
  bool serves(const Route& route) const;
  Result<Json> answer(const ControlRequest& request);

  Result<Json> version(const ControlRequest& request);
  Result<Json> status(const ControlRequest& request);
  Result<Json> sync(const ControlRequest& request);
  Result<Json> wait(const ControlRequest& request);
  Result<Json> compact(const ControlRequest& request);
  Result<Json> snapshot(const ControlRequest& request);
  Result<Json> pause(const ControlRequest& request);
  Result<Json> resume(const ControlRequest& request);
  Result<Json> register_database(const ControlRequest& request);
  Result<Json> unregister_database(const ControlRequest& request);
  Result<Json> reload(const ControlRequest& request);
  Result<Json> log_level(const ControlRequest& request);
  Result<Json> stop(const ControlRequest& request);

  class Waiting;
  Result<Waiting> begin_wait();
  Json facts() const;

  Supervisor& supervisor_;
  Commands& commands_;
  const DaemonFacts facts_;
  const Clock& clock_;
  const int most_waits_;
  const Audience audience_;
  std::atomic<int> waits_{0};
  Cancel cancel_;
};

}  // namespace streamd::daemon
