#include "scripted_server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace streamd::cloud {

std::string SeenRequest::header(const std::string& name) const {
  const std::size_t at = head.find("\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 3;
  return head.substr(begin, head.find('\n', begin) - begin);
}

std::string response(int status, const std::string& body, const std::string& headers) {
  return "HTTP/1.1 " + std::to_string(status) + " Text\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

ScriptedServer::ScriptedServer(Answer answer)
    : answer_(std::move(answer)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no port on loopback");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int connection : connections_) ::shutdown(connection, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  for (const int connection : connections_) ::close(connection);
  ::close(listener_);
}

std::vector<SeenRequest> ScriptedServer::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

void ScriptedServer::accept_all() {
  for (;;) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    const std::lock_guard lock(mutex_);
    connections_.push_back(connection);
    threads_.emplace_back([this, connection] { serve(connection); });
  }
}

bool ScriptedServer::read_request(int connection, std::string& buffer, SeenRequest& request) {
  const auto more = [&] {
    char bytes[65536];
    const ssize_t n = ::recv(connection, bytes, sizeof bytes, 0);
    if (n > 0) buffer.append(bytes, static_cast<std::size_t>(n));
    return n > 0;
  };
  std::size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos)
    if (!more()) return false;
  for (const char c : buffer.substr(0, end + 2))
    if (c != '\r') request.head += c;
  buffer.erase(0, end + 4);
  const std::string length = request.header("Content-Length");
  const std::size_t size = length.empty() ? 0 : std::stoul(length);
  while (buffer.size() < size)
    if (!more()) return false;
  request.body = buffer.substr(0, size);
  buffer.erase(0, size);
  return true;
}

void ScriptedServer::serve(int connection) {
  std::string buffer;
  for (;;) {
    SeenRequest request;
    if (!read_request(connection, buffer, request)) return;
    std::size_t number = 0;
    {
      const std::lock_guard lock(mutex_);
      seen_.push_back(request);
      number = seen_.size();
    }
    const std::string answer = answer_(request, number);
    if (answer == kStall) continue;  // waits for a request that never comes
    if (!answer.empty()) ::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
    const bool broken = answer.empty() || answer.find("Connection: close") != std::string::npos;
    if (broken) {
      ::shutdown(connection, SHUT_RDWR);
      return;
    }
  }
}

}  // namespace streamd::cloud
