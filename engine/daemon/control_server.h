// The control socket: HTTP+JSON over a unix socket, for streamctl.
#pragma once
#include <memory>
#include <string>

#include "daemon/control_api.h"
#include "daemon/unix_socket.h"

namespace streamd::daemon {

class ControlServer {
 public:
  // Listens at once; errors as listen_at. Borrows the supervisor and the clock.
  static Result<std::unique_ptr<ControlServer>> start(const std::string& path,
                                                      const SocketAccess& access,
                                                      const Supervisor& supervisor,
                                                      const std::string& version,
                                                      const Clock& clock);
  ~ControlServer();     // ends all requests and removes the socket
  void cancel_waits();  // status is still answered
  const std::string& path() const { return path_; }

 private:
  struct Http;
  ControlServer();
  std::string path_;
  std::unique_ptr<ControlApi> api_;
  std::unique_ptr<Http> http_;
};

}  // namespace streamd::daemon
