// A control socket: HTTP+JSON over a unix socket, for streamctl and for applications that wait.
#pragma once
#include <memory>
#include <string>

#include "daemon/control_api.h"
#include "daemon/http_listener.h"

namespace streamd::daemon {

class ControlServer {
 public:
  struct Settings {
    std::string path, version;
    SocketAccess access;
    Audience audience = Audience::kOperators;
  };
  // Listens at once; errors as listen_at. Borrows the others.
  static Result<std::unique_ptr<ControlServer>> start(const Settings& settings,
                                                      Supervisor& supervisor, Commands& commands,
                                                      const Clock& clock);
  ~ControlServer();     // what is being answered is, the rest ends; removes the socket
  void cancel_waits();  // status is still answered
  const std::string& path() const { return path_; }

 private:
  ControlServer();
  std::string path_;
  std::unique_ptr<ControlApi> api_;
  std::unique_ptr<HttpListener> listener_;
};

}  // namespace streamd::daemon
