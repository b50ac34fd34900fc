#include "daemon/control_server.h"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/ServerSocketImpl.h>
#include <Poco/ThreadPool.h>
#include <Poco/URI.h>
#include <sys/socket.h>

#include <cerrno>
#include <istream>

#include "base/file.h"
#include "base/log.h"
#include "daemon/status_json.h"

namespace streamd::daemon {
namespace {

namespace net = Poco::Net;

// Waiting requests and some more, so that status is answered whatever clients wait for.
constexpr int kMostWaits = 24, kMostThreads = 32, kMostQueued = 64;
constexpr int kRequestSeconds = 10;  // a client that says nothing for so long is let go
constexpr std::size_t kMostBody = 64 * kKiB, kMostThrownAway = 1 * kMiB;

// Poco's way of taking over a descriptor that it has not made.
class AdoptedImpl final : public net::ServerSocketImpl {
 public:
  explicit AdoptedImpl(int fd) { reset(fd); }
};
class AdoptedSocket final : public net::ServerSocket {
 public:
  explicit AdoptedSocket(int fd) : ServerSocket(new AdoptedImpl(fd), true) {}
};

bool hung_up(int fd) {
  char byte;
  const ssize_t got = ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

ControlRequest read_request(net::HTTPServerRequest& http) {
  ControlRequest request;
  const Poco::URI uri(http.getURI());
  request.method = http.getMethod();
  request.path = uri.getPath();
  for (const auto& [name, value] : uri.getQueryParameters()) request.query[name] = value;
  request.body.resize(kMostBody + 1);
  http.stream().read(request.body.data(), static_cast<std::streamsize>(kMostBody + 1));
  request.body.resize(static_cast<std::size_t>(http.stream().gcount()));
  if (auto* server_side = dynamic_cast<net::HTTPServerRequestImpl*>(&http))
    request.client_gone = [fd = server_side->socket().impl()->sockfd()] { return hung_up(fd); };
  return request;
}

ControlReply refusal(int http_status, const std::string& why) {
  return {http_status, Json::object({{"error", to_json(make_error(Code::kUsage, why))}})};
}

// Throws when the client is gone.
ControlReply reply_to(net::HTTPServerRequest& http, ControlApi& api) {
  ControlRequest request;
  try {
    request = read_request(http);
  } catch (const Poco::SyntaxException&) {
    return refusal(net::HTTPResponse::HTTP_BAD_REQUEST, "the address of the request is no URI");
  }
  if (request.body.size() <= kMostBody) return api.handle(request);
  http.stream().ignore(kMostThrownAway);  // so that a client gets to read the answer
  return refusal(net::HTTPResponse::HTTP_REQUEST_ENTITY_TOO_LARGE,
                 "the body of the request has more than " + std::to_string(kMostBody) + " bytes");
}

class Handler final : public net::HTTPRequestHandler {
 public:
  explicit Handler(ControlApi& api) : api_(api) {}
  void handleRequest(net::HTTPServerRequest& http, net::HTTPServerResponse& response) override {
    try {
      const ControlReply reply = reply_to(http, api_);
      const std::string text = reply.body.print() + "\n";
      response.setStatusAndReason(static_cast<net::HTTPResponse::HTTPStatus>(reply.http_status));
      response.setContentType("application/json");
      // Without a length Poco closes the connection under the client.
      response.setContentLength64(static_cast<Poco::Int64>(text.size()));
      response.sendBuffer(text.data(), text.size());
    } catch (const std::exception& error) {
      log_debug("a client of the control socket went away", {{"error", error.what()}});
    }
  }

 private:
  ControlApi& api_;
};

class Factory final : public net::HTTPRequestHandlerFactory {
 public:
  explicit Factory(ControlApi& api) : api_(api) {}
  net::HTTPRequestHandler* createRequestHandler(const net::HTTPServerRequest&) override {
    return new Handler(api_);
  }

 private:
  ControlApi& api_;
};

net::HTTPServerParams::Ptr parameters() {
  net::HTTPServerParams::Ptr params(new net::HTTPServerParams);
  params->setKeepAlive(false);
  params->setTimeout(Poco::Timespan(kRequestSeconds, 0));
  params->setMaxThreads(kMostThreads);
  params->setMaxQueued(kMostQueued);
  return params;
}

}  // namespace

struct ControlServer::Http {
  Http(int fd, ControlApi& api)
      : server(new Factory(api), threads, AdoptedSocket(fd), parameters()) {
    server.start();
  }
  ~Http() {
    server.stopAll(true);
    threads.joinAll();
  }
  Poco::ThreadPool threads{1, kMostThreads};
  net::HTTPServer server;
};

ControlServer::ControlServer() = default;

Result<std::unique_ptr<ControlServer>> ControlServer::start(const std::string& path,
                                                            const SocketAccess& access,
                                                            const Supervisor& supervisor,
                                                            const std::string& version,
                                                            const Clock& clock) {
  Descriptor listener = TRY(listen_at(path, access));
  std::unique_ptr<ControlServer> server(new ControlServer);
  server->path_ = path;
  DaemonFacts facts{version, path, clock.wall_micros()};
  server->api_ = std::make_unique<ControlApi>(supervisor, std::move(facts), clock, kMostWaits);
  try {
    server->http_ = std::make_unique<Http>(listener.release(), *server->api_);
  } catch (const std::exception& error) {
    return make_error(Code::kIo, "control socket " + path + ": " + error.what());
  }
  return server;
}

void ControlServer::cancel_waits() {
  api_->cancel();
}

ControlServer::~ControlServer() {
  if (!http_) return;
  api_->cancel();
  if (const Status removed = remove_file(path_); !removed)
    log_error_event(LogLevel::kWarn, "the control socket stays behind", removed.error());
  http_.reset();
}

}  // namespace streamd::daemon
