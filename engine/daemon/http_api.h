// What the daemon answers over HTTP: requests to values, no sockets in here. Only looks, nothing
// can be changed through it.
//
//   GET /                 the status page (/page.css, /page.js, /icon.svg)
//   GET /api/status       [?database=DB] [&filter=TEXT] [&offset=N] [&limit=N]
//   GET /metrics          Prometheus' text format
//   GET /healthz          200 while the threads that follow databases move, else 503
//   GET /readyz           200 when every database is followed and every replica restorable, else
//   503
//
// With a token all but /healthz and the page itself need it: `Authorization: Bearer TOKEN`.
#pragma once
#include <string>

#include "daemon/http_listener.h"
#include "daemon/observer.h"

namespace streamd::daemon {

struct HttpApiSettings {
  std::string version;
  std::string token;  // empty = none
  Micros started = 0;
};

// Any thread.
class HttpApi {
 public:
  // Borrows all of them.
  HttpApi(const Supervisor& supervisor, const Observer& observer, HttpApiSettings settings,
          const Clock& clock);
  HttpReply handle(const HttpRequest& request) const;

 private:
  HttpReply answer(const HttpRequest& request) const;
  HttpReply metrics() const;
  HttpReply status(const HttpRequest& request) const;
  bool is_allowed(const HttpRequest& request) const;

  const Supervisor& supervisor_;
  const Observer& observer_;
  const HttpApiSettings settings_;
  const Clock& clock_;
};

// A browser sends the name that it was given. A page of somebody else's, whose name was made to
// point at this machine, must not read what is here: only addresses and localhost are answered.
bool is_own_name(const std::string& host_header);

}  // namespace streamd::daemon
