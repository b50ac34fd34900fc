#include "config/http_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "config/value.h"

namespace streamd::config {
namespace {

Error no_address(const std::string& text) {
  return make_error(Code::kInvalidConfig, "http: '" + text + "' is no address with a port",
                    "write \"127.0.0.1:9187\", or \"\" to switch it off");
}

bool is_ipv6(const std::string& host) {
  return host.find(':') != std::string::npos;
}

bool is_numeric(const std::string& host) {
  in6_addr address{};
  return inet_pton(is_ipv6(host) ? AF_INET6 : AF_INET, host.c_str(), &address) == 1;
}

}  // namespace

Result<HttpAddress> parse_http_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return no_address(text);
  const auto port = parse_int(text.substr(colon + 1));
  if (!port || *port < 0 || *port > 65535) return no_address(text);
  HttpAddress address{text.substr(0, colon), static_cast<std::uint16_t>(*port)};
  std::string& host = address.host;
  const bool brackets = host.starts_with('[') && host.ends_with(']');
  if (brackets) host = host.substr(1, host.size() - 2);
  if (host.empty() && !brackets) host = "0.0.0.0";
  if (host == "localhost") host = "127.0.0.1";
  if (!is_numeric(host) || is_ipv6(host) != brackets) return no_address(text);
  return address;
}

std::string to_text(const HttpAddress& address) {
  const std::string port = ":" + std::to_string(address.port);
  return is_ipv6(address.host) ? "[" + address.host + "]" + port : address.host + port;
}

bool is_loopback(const HttpAddress& address) {
  if (is_ipv6(address.host)) {
    in6_addr six{};
    return inet_pton(AF_INET6, address.host.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six) != 0;
  }
  in_addr four{};
  return inet_pton(AF_INET, address.host.c_str(), &four) == 1 && (ntohl(four.s_addr) >> 24) == 127;
}

}  // namespace streamd::config
