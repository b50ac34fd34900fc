// The other end of the control socket.
#pragma once
#include <string>

#include "base/clock.h"
#include "base/json.h"

namespace streamd::daemon {

// One request, one connection. The daemon's own error when it sent one; kDaemonNotRunning when
// nobody answers; kTimeout when it does not answer within `patience`.
class ControlClient {
 public:
  explicit ControlClient(std::string path) : path_(std::move(path)) {}
  Result<Json> get(const std::string& resource, milliseconds patience) const;
  // The body's "database" goes into the query too: JSON has no words for every path.
  Result<Json> post(const std::string& resource, const Json& body, milliseconds patience) const;
  // Asks the daemon to end. Returns its answer when its process has ended too, so that another one
  // can be started at once; where the process cannot be seen from here (it is in a container), as
  // soon as it has answered.
  Result<Json> stop(bool merge, milliseconds patience) const;
  const std::string& path() const { return path_; }

 private:
  Result<Json> request(const std::string& method, const std::string& resource,
                       const std::string& body, milliseconds patience) const;
  std::string path_;
};

// A value in the query of a resource.
std::string query_encode(const std::string& text);

}  // namespace streamd::daemon
