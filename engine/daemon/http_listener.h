// HTTP over a listening socket of any kind: requests to a function, its answers back. Poco is
// behind it. Bounded whatever clients do: threads, waiting connections, sizes, and the time that
// one may take to say what it wants and to take its answer.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "daemon/unix_socket.h"

namespace streamd::daemon {

struct HttpRequest {
  std::string method, path;
  std::map<std::string, std::string> query;
  std::string host, authorization;    // headers; empty = not sent
  std::string body;                   // never longer than HttpLimits::body
  std::function<bool()> client_gone;  // asked now and then by who waits; may be empty
};

struct HttpReply {
  int status = 200;
  std::string content_type, body;
  std::map<std::string, std::string> headers{};  // besides type and length
};

struct HttpLimits {
  int threads = 8, queued = 32;  // more connections than both are closed at once
  std::size_t body = 64 * kKiB;  // bytes; a longer one is refused with 413
  int request_seconds = 10;      // for a request to come in; half of one while others wait
  int reply_seconds = 30;        // from then on until it has taken the answer
};

// Called on several threads at once.
using HttpHandler = std::function<HttpReply(const HttpRequest&)>;

class HttpListener {
 public:
  // Serves at once. kIo.
  static Result<std::unique_ptr<HttpListener>> start(Descriptor listening, const HttpLimits& limits,
                                                     HttpHandler handler);
  // Requests that are being answered get a second for it; then all end.
  ~HttpListener();

 private:
  struct Http;
  HttpListener();
  std::unique_ptr<Http> http_;
};

// {"error": {...}} under a status of HTTP.
HttpReply refusal(int http_status, const std::string& why, const std::string& hint = {});

}  // namespace streamd::daemon
