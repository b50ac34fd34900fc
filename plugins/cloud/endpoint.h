// Where a server is: from what the user wrote to scheme, host and port. Pure.
#pragma once
#include <cstdint>
#include <string>

struct sockaddr;

namespace streamd::cloud {

struct Endpoint {
  bool tls = true;
  std::string host;   // lower case; an IPv6 address in brackets
  int port = 0;       // 0 = the scheme's own
  std::string error;  // not "": what is wrong with the text, and nothing else is set

  // As it stands in the header Host.
  std::string authority() const { return port == 0 ? host : host + ":" + std::to_string(port); }
  std::string scheme() const { return tls ? "https" : "http"; }
};

// "host", "host:port" (https), "http://host:port", "https://host/"; no path behind it.
Endpoint parse_endpoint(const std::string& text);

// "localhost", names below it, and addresses that never leave the machine or the private network.
bool is_private_host(const std::string& host);
// Whether the host is an address at all, so that is_private_host is the whole answer.
bool is_address(const std::string& host);
bool is_private_address(const sockaddr* address);

}  // namespace streamd::cloud
