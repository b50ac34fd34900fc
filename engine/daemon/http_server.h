// HTTP on a network address: metrics, health, the status page.
#pragma once
#include <memory>
#include <string>

#include "config/http_address.h"
#include "daemon/http_api.h"

namespace streamd::daemon {

class HttpServer {
 public:
  // Serves at once; errors as listen_at. The address was checked (config::check_http). Borrows
  // supervisor, observer and clock.
  static Result<std::unique_ptr<HttpServer>> start(config::HttpAddress address,
                                                   HttpApiSettings settings,
                                                   const Supervisor& supervisor,
                                                   const Observer& observer, const Clock& clock);
  const config::HttpAddress& address() const { return address_; }  // with the port in use

 private:
  HttpServer() = default;
  config::HttpAddress address_;
  std::unique_ptr<HttpApi> api_;
  std::unique_ptr<HttpListener> listener_;  // ends before what it calls
};

}  // namespace streamd::daemon
