#include "daemon/control_client.h"

#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <Poco/StreamCopier.h>
#include <Poco/URI.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/status_json.h"
#include "daemon/unix_socket.h"

namespace streamd::daemon {
namespace {

namespace net = Poco::Net;

constexpr milliseconds kEndPatience{10'000};  // from the answer to the end of the process

class AdoptedSocket final : public net::StreamSocket {
 public:
  explicit AdoptedSocket(int fd) : StreamSocket(new net::StreamSocketImpl(fd)) {}
};

// Throws what Poco throws.
std::string exchange(int fd, const std::string& method, const std::string& resource,
                     const std::string& body, milliseconds patience) {
  net::HTTPClientSession session{AdoptedSocket(fd)};
  session.setTimeout(Poco::Timespan(patience.count() * 1000));
  net::HTTPRequest request(method, resource, net::HTTPMessage::HTTP_1_1);
  request.setHost("streamd");
  request.setContentLength64(static_cast<Poco::Int64>(body.size()));
  request.setContentType("application/json");
  session.sendRequest(request) << body << std::flush;
  net::HTTPResponse response;
  std::string text;
  Poco::StreamCopier::copyToString(session.receiveResponse(response), text);
  return text;
}

// The process that listens at `path`, to wait on; no descriptor where it cannot be seen.
Descriptor process_at(const std::string& path) {
  const Result<Descriptor> socket = connect_to(path);
  ucred peer{};
  socklen_t size = sizeof peer;
  if (!socket || getsockopt(socket->fd(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
      peer.pid <= 0)
    return Descriptor(-1);
  return Descriptor(static_cast<int>(syscall(SYS_pidfd_open, peer.pid, 0)));
}

}  // namespace

std::string query_encode(const std::string& text) {
  std::string encoded;
  Poco::URI::encode(text, "?#&=+;", encoded);
  return encoded;
}

Result<Json> ControlClient::get(const std::string& resource, milliseconds patience) const {
  return request(net::HTTPRequest::HTTP_GET, resource, "", patience);
}

Result<Json> ControlClient::post(const std::string& resource, const Json& body,
                                 milliseconds patience) const {
  const std::string database = body.string("database");
  const std::string query = database.empty() ? "" : "?database=" + query_encode(database);
  return request(net::HTTPRequest::HTTP_POST, resource + query, body.print(), patience);
}

Result<Json> ControlClient::stop(bool merge, milliseconds patience) const {
  const Descriptor process = process_at(path_);
  Result<Json> answer = post("/v1/stop", Json::object({{"merge", merge}}), patience);
  pollfd ended{process.fd(), POLLIN, 0};
  if (process.fd() >= 0) poll(&ended, 1, static_cast<int>(kEndPatience.count()));
  return answer;
}

Result<Json> ControlClient::request(const std::string& method, const std::string& resource,
                                    const std::string& body, milliseconds patience) const {
  Descriptor socket = TRY(connect_to(path_));
  std::string text;
  try {
    text = exchange(socket.release(), method, resource, body, patience);
  } catch (const Poco::TimeoutException&) {
    return make_error(Code::kTimeout, "the daemon at " + path_ + " does not answer");
  } catch (const std::exception&) {
    return make_error(Code::kDaemonNotRunning,
                      "the daemon at " + path_ + " went away in the middle of a request",
                      "look into its log");
  }
  const auto json = Json::parse(text);
  if (!json)
    return make_error(Code::kInternal, "what answers at " + path_ + " is not streamd",
                      "name streamd's socket with --control");
  if (!json->at("error").is_null()) return error_from_json(json->at("error"));
  return *json;
}

}  // namespace streamd::daemon
