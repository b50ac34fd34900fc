#include "daemon/tcp_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

namespace streamd::daemon {
namespace {

constexpr int kBacklog = 64;

union AnyAddress {
  sockaddr any;
  sockaddr_in four;
  sockaddr_in6 six;
};

AnyAddress socket_address(const config::HttpAddress& address, socklen_t& length) {
  AnyAddress all{};
  if (address.host.find(':') != std::string::npos) {
    all.six.sin6_family = AF_INET6;
    all.six.sin6_port = htons(address.port);
    inet_pton(AF_INET6, address.host.c_str(), &all.six.sin6_addr);
    length = sizeof all.six;
  } else {
    all.four.sin_family = AF_INET;
    all.four.sin_port = htons(address.port);
    inet_pton(AF_INET, address.host.c_str(), &all.four.sin_addr);
    length = sizeof all.four;
  }
  return all;
}

Error failure(const config::HttpAddress& address, const char* what) {
  const int number = errno;
  const std::string name = to_text(address);
  if (number == EADDRINUSE)
    return make_error(Code::kBusy, "http: somebody else listens at " + name + " already",
                      "another streamd? choose another port with `http` or --http, \"\" for none");
  Error error = errno_error(number, std::string("http: ") + what + " " + name);
  error.hint = "is it an address of this machine? `http` or --http choose another, \"\" none";
  return error;
}

}  // namespace

Result<Descriptor> listen_at(config::HttpAddress& address) {
  socklen_t length = 0;
  AnyAddress wanted = socket_address(address, length);
  const int fd = ::socket(wanted.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return failure(address, "create a socket for");
  Descriptor listener(fd);
  const int yes = 1;  // connections of a daemon that has just ended are no reason to refuse
  (void)::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (wanted.any.sa_family == AF_INET6)
    (void)::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  if (::bind(fd, &wanted.any, length) != 0) return failure(address, "listen at");
  if (::listen(fd, kBacklog) != 0) return failure(address, "listen at");
  if (::getsockname(fd, &wanted.any, &length) != 0) return failure(address, "listen at");
  address.port =
      ntohs(wanted.any.sa_family == AF_INET6 ? wanted.six.sin6_port : wanted.four.sin_port);
  return listener;
}

}  // namespace streamd::daemon
