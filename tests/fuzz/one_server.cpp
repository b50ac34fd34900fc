#include "one_server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "target.h"

namespace streamd::fuzz {
namespace {

// Head and body of one request, as far as a length is told; what a driver sends is ours.
void read_request(int connection) {
  std::string seen;
  char buffer[16384];
  std::size_t wanted = std::string::npos;
  while (seen.size() < wanted) {
    const ssize_t got = ::recv(connection, buffer, sizeof buffer, 0);
    if (got <= 0) return;
    seen.append(buffer, static_cast<std::size_t>(got));
    const std::size_t head = seen.find("\r\n\r\n");
    if (wanted != std::string::npos || head == std::string::npos) continue;
    const std::size_t length = seen.find("Content-Length: ");
    wanted = head + 4;
    if (length < head) wanted += std::strtoull(seen.c_str() + length + 16, nullptr, 10);
  }
}

}  // namespace

OneServer::OneServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  require(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
              ::listen(listener_, 16) == 0 &&
              ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0,
          "there is a port on loopback");
  port_ = ntohs(address.sin_port);
  std::thread([this] { serve(); }).detach();
}

void OneServer::prepare(std::vector<std::string> answers) {
  const std::lock_guard lock(mutex_);
  answers_ = std::move(answers);
  used_ = 0;
}

std::string OneServer::next() {
  const std::lock_guard lock(mutex_);
  return used_ < answers_.size() ? answers_[used_++] : std::string();
}

void OneServer::serve() {
  for (;;) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    read_request(connection);
    const std::string answer = next();
    ::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
    ::shutdown(connection, SHUT_WR);
    ::close(connection);
  }
}

}  // namespace streamd::fuzz
