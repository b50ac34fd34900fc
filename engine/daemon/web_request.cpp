#include "daemon/web_request.h"

#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SSLException.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/URI.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <istream>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <thread>

#include "daemon/unix_socket.h"

namespace streamd::daemon {
namespace {

namespace net = Poco::Net;

constexpr milliseconds kSlice{50};  // between two looks at the time
constexpr int kMostLookups = 16;
constexpr const char* kHint = "does the address answer from this machine?";

// When a request must be over.
class Limit {
 public:
  Limit(milliseconds time, const Cancel& hurry)
      : deadline_(std::chrono::steady_clock::now() + time), hurry_(hurry) {}
  bool over() const { return hurry_.cancelled() || std::chrono::steady_clock::now() >= deadline_; }

 private:
  const MonoTime deadline_;
  const Cancel& hurry_;
};

// Ends whatever waits on a connection when the time is over: an answer that comes byte by byte
// keeps every timeout of a socket. With a descriptor of its own, for the other may be closed.
class Ender {
 public:
  Ender(int fd, const Limit& limit)
      : fd_(::fcntl(fd, F_DUPFD_CLOEXEC, 0)), limit_(limit), thread_([this] { main(); }) {}
  ~Ender() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

 private:
  void main() {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kSlice, [this] { return done_; }))
      if (limit_.over()) ::shutdown(fd_.fd(), SHUT_RDWR);
  }
  const Descriptor fd_;
  const Limit& limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;
};

// The thread that asks has no end of its own: it shares this with who waits for it.
struct Lookup {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  std::optional<net::SocketAddress> found;
};

std::atomic<int> lookups{0};  // that nobody waits for any more, and those under way

void look_up(const std::shared_ptr<Lookup>& lookup, const std::string& host, std::uint16_t port) {
  addrinfo hints{}, *all = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  const bool answered = ::getaddrinfo(host.c_str(), nullptr, &hints, &all) == 0;
  {
    const std::lock_guard lock(lookup->mutex);
    for (const addrinfo* each = answered ? all : nullptr; each != nullptr; each = each->ai_next)
      if (!lookup->found ||
          (each->ai_family == AF_INET && lookup->found->family() != net::SocketAddress::IPv4))
        lookup->found = net::SocketAddress(net::IPAddress(*each->ai_addr), port);
    lookup->done = true;
  }
  if (answered) ::freeaddrinfo(all);
  --lookups;
  lookup->changed.notify_all();
}

// Nothing ends a wait for the name service: it is asked by a thread that may be left behind.
net::SocketAddress address_of(const Poco::URI& uri, const Limit& limit) {
  if (++lookups > kMostLookups) {
    --lookups;
    throw Poco::TimeoutException();
  }
  const auto lookup = std::make_shared<Lookup>();
  std::thread([lookup, host = uri.getHost(), port = uri.getPort()] {
    look_up(lookup, host, port);
  }).detach();
  std::unique_lock lock(lookup->mutex);
  while (!lookup->changed.wait_for(lock, kSlice, [&] { return lookup->done; }))
    if (limit.over()) throw Poco::TimeoutException();
  if (!lookup->found) throw net::HostNotFoundException(uri.getHost());
  return *lookup->found;
}

net::StreamSocket connect(const Poco::URI& uri, milliseconds time, const Limit& limit) {
  net::StreamSocket socket;
  socket.connectNB(address_of(uri, limit));
  const Poco::Timespan slice(std::chrono::microseconds(kSlice).count());
  while (!socket.poll(slice, net::Socket::SELECT_WRITE | net::Socket::SELECT_ERROR))
    if (limit.over()) throw Poco::TimeoutException();
  if (const int failed = socket.impl()->socketError(); failed != 0)
    throw Poco::IOException(std::strerror(failed));
  socket.setBlocking(true);
  const Poco::Timespan longest(std::chrono::microseconds(time).count());
  socket.setReceiveTimeout(longest);
  socket.setSendTimeout(longest);
  return socket;
}

std::unique_ptr<net::HTTPClientSession> session_over(const net::StreamSocket& socket,
                                                     const Poco::URI& uri) {
  if (uri.getScheme() != "https") return std::make_unique<net::HTTPClientSession>(socket);
  // Reading the system's certificates takes a while: once is enough.
  static const net::Context::Ptr context(
      new net::Context(net::Context::TLS_CLIENT_USE, "", net::Context::VERIFY_STRICT, 9, true));
  // Not HTTPSClientSession, which takes no socket that is connected (Poco 1.11).
  return std::make_unique<net::HTTPClientSession>(
      net::SecureStreamSocket::attach(socket, uri.getHost(), context));
}

int send(const Poco::URI& uri, const std::string& json, milliseconds time, const Limit& limit) {
  const net::StreamSocket socket = connect(uri, time, limit);
  const Ender ender(socket.impl()->sockfd(), limit);
  const auto session = session_over(socket, uri);
  const std::string path = uri.getPathAndQuery();
  net::HTTPRequest request(json.empty() ? "GET" : "POST", path.empty() ? "/" : path,
                           net::HTTPMessage::HTTP_1_1);
  request.setHost(uri.getHost(), uri.getPort());
  request.set("User-Agent", "streamd");
  if (!json.empty()) {
    request.setContentType("application/json");
    request.setContentLength64(static_cast<Poco::Int64>(json.size()));
  }
  session->sendRequest(request) << json << std::flush;
  net::HTTPResponse response;
  session->receiveResponse(response);
  return response.getStatus();
}

}  // namespace

Status web_request(const std::string& url, const std::string& json, milliseconds limit,
                   const Cancel& hurry) {
  std::string host = "the address";
  const Limit until(limit, hurry);
  const auto late = [&] {
    return make_error(Code::kTimeout, host + " did not answer in time", kHint);
  };
  try {
    const Poco::URI uri(url);
    host = uri.getHost();
    const int status = send(uri, json, limit, until);
    if (status >= 200 && status < 300) return {};
    return make_error(Code::kTransient, host + " answered with status " + std::to_string(status),
                      "is the address the right one, and still valid there?");
  } catch (const Poco::TimeoutException&) {
    return late();
  } catch (const net::SSLException& error) {
    if (until.over()) return late();
    return make_error(Code::kTransient,
                      "request to " + host + ": no secure connection (" + error.message() + ")",
                      "its certificate must be valid, for this name, and from an authority that "
                      "this machine trusts");
  } catch (const Poco::Exception& error) {  // whose words may hold the address
    if (until.over()) return late();
    return make_error(Code::kTransient, "request to " + host + ": " + error.what(), kHint);
  } catch (const std::exception& error) {
    return make_error(Code::kTransient, "request to " + host + ": " + error.what(), kHint);
  }
}

}  // namespace streamd::daemon
