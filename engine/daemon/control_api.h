// What the daemon answers on its control socket: requests to values, no sockets in here.
//
//   GET  /v1/version
//   GET  /v1/status[?database=DB]
//   POST /v1/sync {"database": DB, "wait": bool, "replica": NAME, "timeout_ms": n}
//   POST /v1/compact {"database": DB, "timeout_ms": n}
//
// Unknown paths are 404, other methods 405, what is not understood 400. Failures are {"error":
// {"code", "exit_code", "message", "hint"}}.
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <string>

#include "base/json.h"
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

// Any thread.
class ControlApi {
 public:
  // Borrows both. `most_waits`: requests that wait for replicas at the same time; one more is
  // refused, so that waiting clients never use up the threads.
  ControlApi(const Supervisor& supervisor, DaemonFacts facts, const Clock& clock, int most_waits);
  ControlReply handle(const ControlRequest& request);
  void cancel();  // ends all waiting; later requests fail

 private:
  Result<Json> answer(const ControlRequest& request);
  Result<Json> status(const ControlRequest& request) const;
  // A request that waits: its body is an object that names a database.
  using Work = Result<Json> (ControlApi::*)(replicate::Pipeline& pipeline, const Json& body,
                                            const ControlRequest& request) const;
  Result<Json> wait_for(const ControlRequest& request, Work work);
  Result<Json> sync_now(replicate::Pipeline& pipeline, const Json& body,
                        const ControlRequest& request) const;
  Result<Json> compact_now(replicate::Pipeline& pipeline, const Json& body,
                           const ControlRequest& request) const;
  Result<replicate::Pipeline*> find(const std::string& database) const;
  Json version() const;

  const Supervisor& supervisor_;
  const DaemonFacts facts_;
  const Clock& clock_;
  const int most_waits_;
  std::atomic<int> waits_{0};
  Cancel cancel_;
};

}  // namespace streamd::daemon
