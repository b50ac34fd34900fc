#include "daemon/http_server.h"

#include "daemon/tcp_socket.h"

namespace streamd::daemon {

Result<std::unique_ptr<HttpServer>> HttpServer::start(config::HttpAddress address,
                                                      HttpApiSettings settings,
                                                      const Supervisor& supervisor,
                                                      const Observer& observer,
                                                      const Clock& clock) {
  Descriptor listening = TRY(listen_at(address));
  std::unique_ptr<HttpServer> server(new HttpServer);
  server->address_ = std::move(address);
  server->api_ = std::make_unique<HttpApi>(supervisor, observer, std::move(settings), clock);
  server->listener_ = TRY(HttpListener::start(
      std::move(listening), HttpLimits{},
      [api = server->api_.get()](const HttpRequest& request) { return api->handle(request); }));
  return server;
}

}  // namespace streamd::daemon
