// Where the daemon answers HTTP: a host and a port. Pure.
#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"

namespace streamd::config {

struct HttpAddress {
  std::string host;        // a numeric IPv4 or IPv6 address, without brackets
  std::uint16_t port = 0;  // 0 = any free one
  bool operator==(const HttpAddress&) const = default;
};

// "127.0.0.1:9187", "localhost:9187" (the same), "[::1]:9187", ":9187" (all IPv4 addresses of this
// machine). Names are not looked up: which addresses are opened must not depend on a name server.
Result<HttpAddress> parse_http_address(const std::string& text);
std::string to_text(const HttpAddress& address);

// Nobody from outside of this machine reaches it.
bool is_loopback(const HttpAddress& address);

}  // namespace streamd::config
