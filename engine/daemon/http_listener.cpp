#include "daemon/http_listener.h"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/ServerSocketImpl.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <Poco/ThreadPool.h>
#include <Poco/URI.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <istream>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/status_json.h"

namespace streamd::daemon {
namespace {

namespace net = Poco::Net;

constexpr std::size_t kMostThrownAway = 1 * kMiB;
const Poco::Timespan kNoTime(0, 1), kLook(0, 100'000);
constexpr milliseconds kWhenOthersWait{500};
constexpr milliseconds kTurn{10};
constexpr int kLastAnswers = 100;  // turns that the end waits for requests being answered

// A connection with an end: a client that sends or takes a byte now and then would else hold its
// thread for ever. `connections` counts those that there are.
class PatientImpl final : public net::StreamSocketImpl {
 public:
  PatientImpl(int fd, const HttpLimits& limits, std::atomic<int>& connections)
      : StreamSocketImpl(fd), limits_(limits), connections_(connections) {
    ++connections_;
  }
  ~PatientImpl() override { --connections_; }

  using StreamSocketImpl::receiveBytes, StreamSocketImpl::sendBytes;
  int receiveBytes(void* buffer, int length, int flags) override {
    if (began_ == MonoTime{}) began_ = system_clock().mono();  // it may have waited for its turn
    do {
      if (took_too_long()) throw Poco::TimeoutException();
    } while (!poll(kLook, SELECT_READ));
    return StreamSocketImpl::receiveBytes(buffer, length, flags);
  }
  int sendBytes(const void* buffer, int length, int flags) override {
    if (reply_until_ == MonoTime{})
      reply_until_ = system_clock().mono() + std::chrono::seconds(limits_.reply_seconds);
    const auto* bytes = static_cast<const char*>(buffer);
    int sent = 0;  // Poco's own would begin its time-out anew with every piece
    while (sent < length) {
      if (!poll(left_until(reply_until_), SELECT_WRITE)) throw Poco::TimeoutException();
      const ssize_t more = ::send(sockfd(), bytes + sent, static_cast<std::size_t>(length - sent),
                                  flags | MSG_DONTWAIT | MSG_NOSIGNAL);
      if (more < 0 && errno != EAGAIN && errno != EINTR) throw net::ConnectionResetException();
      sent += static_cast<int>(std::max<ssize_t>(more, 0));
    }
    return sent;
  }

 private:
  static Poco::Timespan left_until(MonoTime until) {
    const auto left =
        std::chrono::duration_cast<std::chrono::microseconds>(until - system_clock().mono());
    return left.count() > 0 ? Poco::Timespan(left.count()) : kNoTime;
  }
  // While others wait for a thread there is less time: who is there to ask has long asked.
  bool took_too_long() const {
    const auto most = connections_ > limits_.threads
                          ? kWhenOthersWait
                          : milliseconds(std::chrono::seconds(limits_.request_seconds));
    return system_clock().mono() - began_ > most;
  }
  const HttpLimits limits_;
  std::atomic<int>& connections_;
  MonoTime began_{}, reply_until_{};
};

// Poco's way of taking over a descriptor that it has not made.
class AdoptedImpl final : public net::ServerSocketImpl {
 public:
  AdoptedImpl(int fd, const HttpLimits& limits, std::atomic<int>& connections)
      : limits_(limits), connections_(connections) {
    reset(fd);
  }
  net::SocketImpl* acceptConnection(net::SocketAddress& client) override {
    const int fd = ::accept4(sockfd(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) throw net::NetException("accept");
    client = net::SocketAddress();
    return new PatientImpl(fd, limits_, connections_);
  }

 private:
  const HttpLimits limits_;
  std::atomic<int>& connections_;
};
class AdoptedSocket final : public net::ServerSocket {
 public:
  AdoptedSocket(int fd, const HttpLimits& limits, std::atomic<int>& connections)
      : ServerSocket(new AdoptedImpl(fd, limits, connections), true) {}
};

bool hung_up(int fd) {
  char byte;
  const ssize_t got = ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

HttpRequest read_request(net::HTTPServerRequest& http, std::size_t most) {
  HttpRequest request;
  const Poco::URI uri(http.getURI());
  request.method = http.getMethod();
  request.path = uri.getPath();
  for (const auto& [name, value] : uri.getQueryParameters()) request.query[name] = value;
  request.host = http.get("Host", "");
  request.authorization = http.get("Authorization", "");
  request.body.resize(most + 1);
  http.stream().read(request.body.data(), static_cast<std::streamsize>(most + 1));
  request.body.resize(static_cast<std::size_t>(http.stream().gcount()));
  if (auto* server_side = dynamic_cast<net::HTTPServerRequestImpl*>(&http))
    request.client_gone = [fd = server_side->socket().impl()->sockfd()] { return hung_up(fd); };
  return request;
}

// Throws when the client is gone.
HttpReply reply_to(net::HTTPServerRequest& http, const HttpLimits& limits,
                   const HttpHandler& handler) {
  HttpRequest request;
  try {
    request = read_request(http, limits.body);
  } catch (const Poco::SyntaxException&) {
    return refusal(net::HTTPResponse::HTTP_BAD_REQUEST, "the address of the request is no URI");
  }
  if (request.body.size() <= limits.body) return handler(request);
  http.stream().ignore(kMostThrownAway);  // so that a client gets to read the answer
  return refusal(net::HTTPResponse::HTTP_REQUEST_ENTITY_TOO_LARGE,
                 "the body of the request has more than " + std::to_string(limits.body) + " bytes");
}

// How many requests are being answered.
class Answering {
 public:
  explicit Answering(std::atomic<int>& count) : count_(count) { ++count_; }
  ~Answering() { --count_; }

 private:
  std::atomic<int>& count_;
};

class Handler final : public net::HTTPRequestHandler {
 public:
  Handler(const HttpLimits& limits, const HttpHandler& handler, std::atomic<int>& answering)
      : limits_(limits), handler_(handler), answering_(answering) {}
  void handleRequest(net::HTTPServerRequest& http, net::HTTPServerResponse& response) override {
    const Answering now(answering_);
    try {
      const HttpReply reply = reply_to(http, limits_, handler_);
      response.setStatusAndReason(static_cast<net::HTTPResponse::HTTPStatus>(reply.status));
      response.setContentType(reply.content_type);
      for (const auto& [name, value] : reply.headers) response.set(name, value);
      // Without a length Poco closes the connection under the client.
      response.setContentLength64(static_cast<Poco::Int64>(reply.body.size()));
      response.sendBuffer(reply.body.data(), reply.body.size());
    } catch (const std::exception& error) {
      log_debug("an http client went away", {{"error", error.what()}});
    }
  }

 private:
  const HttpLimits& limits_;
  const HttpHandler& handler_;
  std::atomic<int>& answering_;
};

class Factory final : public net::HTTPRequestHandlerFactory {
 public:
  Factory(const HttpLimits& limits, HttpHandler handler, std::atomic<int>& answering)
      : limits_(limits), handler_(std::move(handler)), answering_(answering) {}
  net::HTTPRequestHandler* createRequestHandler(const net::HTTPServerRequest&) override {
    return new Handler(limits_, handler_, answering_);
  }

 private:
  const HttpLimits limits_;
  const HttpHandler handler_;
  std::atomic<int>& answering_;
};

net::HTTPServerParams::Ptr parameters(const HttpLimits& limits) {
  net::HTTPServerParams::Ptr params(new net::HTTPServerParams);
  params->setKeepAlive(false);
  params->setTimeout(Poco::Timespan(limits.request_seconds, 0));
  params->setMaxThreads(limits.threads);
  params->setMaxQueued(limits.queued);
  return params;
}

}  // namespace

struct HttpListener::Http {
  Http(int fd, const HttpLimits& limits, HttpHandler handler)
      : threads(1, limits.threads),
        server(new Factory(limits, std::move(handler), answering), threads,
               AdoptedSocket(fd, limits, connections), parameters(limits)) {
    server.start();
  }
  // A client that asked for the daemon's end gets its answer, too.
  ~Http() {
    for (int turns = 0; answering != 0 && turns < kLastAnswers; ++turns)
      std::this_thread::sleep_for(kTurn);
    server.stopAll(true);
    threads.joinAll();
  }
  std::atomic<int> answering{0}, connections{0};
  Poco::ThreadPool threads;
  net::HTTPServer server;
};

HttpListener::HttpListener() = default;
HttpListener::~HttpListener() = default;

Result<std::unique_ptr<HttpListener>> HttpListener::start(Descriptor listening,
                                                          const HttpLimits& limits,
                                                          HttpHandler handler) {
  std::unique_ptr<HttpListener> listener(new HttpListener);
  try {
    listener->http_ = std::make_unique<Http>(listening.release(), limits, std::move(handler));
  } catch (const std::exception& error) {
    return make_error(Code::kIo, std::string("serve http: ") + error.what());
  }
  return listener;
}

HttpReply refusal(int http_status, const std::string& why, const std::string& hint) {
  const Json body = Json::object({{"error", to_json(make_error(Code::kUsage, why, hint))}});
  return {http_status, "application/json", body.print() + "\n"};
}

}  // namespace streamd::daemon
