#include "endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

namespace streamd::cloud {
namespace {

Endpoint wrong(const std::string& text, const char* why) {
  Endpoint endpoint;
  endpoint.error = "endpoint '" + text + "' " + why;
  return endpoint;
}

// The host without brackets, as inet_pton wants it.
std::string bare(const std::string& host) {
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

bool parse_address(const std::string& host, in_addr& v4, in6_addr& v6, bool& is_v6) {
  is_v6 = inet_pton(AF_INET6, bare(host).c_str(), &v6) == 1;
  return is_v6 || inet_pton(AF_INET, host.c_str(), &v4) == 1;
}

bool is_private_v4(const in_addr& address) {
  const std::uint32_t bits = ntohl(address.s_addr);
  return bits >> 24 == 127 || bits >> 24 == 10 || bits >> 20 == 0xac1 || bits >> 16 == 0xc0a8 ||
         bits >> 16 == 0xa9fe;
}

bool is_private_v6(const in6_addr& address) {
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    in_addr v4{};
    std::memcpy(&v4, address.s6_addr + 12, sizeof v4);
    return is_private_v4(v4);
  }
  return IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_LINKLOCAL(&address) ||
         (address.s6_addr[0] & 0xfe) == 0xfc;
}

}  // namespace

Endpoint parse_endpoint(const std::string& text) {
  Endpoint endpoint;
  std::string rest = text;
  std::transform(rest.begin(), rest.end(), rest.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (const std::size_t at = rest.find("://"); at != std::string::npos) {
    const std::string scheme = rest.substr(0, at);
    if (scheme != "http" && scheme != "https") return wrong(text, "must begin with https://");
    endpoint.tls = scheme == "https";
    rest.erase(0, at + 3);
  }
  if (rest.ends_with('/')) rest.pop_back();
  const std::size_t colon = rest.rfind(':');
  if (colon != std::string::npos && rest.find(']', colon) == std::string::npos) {
    const char* const end = rest.data() + rest.size();
    const auto [stopped, error] = std::from_chars(rest.data() + colon + 1, end, endpoint.port);
    if (error != std::errc() || stopped != end || endpoint.port < 1 || endpoint.port > 65535)
      return wrong(text, "has no valid port");
    rest.erase(colon);
  }
  if (endpoint.port == (endpoint.tls ? 443 : 80)) endpoint.port = 0;
  endpoint.host = rest;
  in_addr v4{};
  in6_addr v6{};
  bool is_v6 = false;
  parse_address(rest, v4, v6, is_v6);
  if (rest.starts_with('[') && !is_v6) return wrong(text, "has no valid IPv6 address");
  const bool plain =
      !rest.empty() && (rest.starts_with('[') || std::all_of(rest.begin(), rest.end(), [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
                                 c == '-' || c == '_';
                        }));
  if (!plain) return wrong(text, "must be a host, without a path and without a bucket");
  return endpoint;
}

bool is_address(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  bool is_v6 = false;
  return parse_address(host, v4, v6, is_v6);
}

bool is_private_host(const std::string& host) {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  in_addr v4{};
  in6_addr v6{};
  bool is_v6 = false;
  if (!parse_address(host, v4, v6, is_v6)) return false;
  return is_v6 ? is_private_v6(v6) : is_private_v4(v4);
}

bool is_private_address(const sockaddr* address) {
  if (address->sa_family == AF_INET)
    return is_private_v4(reinterpret_cast<const sockaddr_in*>(address)->sin_addr);
  if (address->sa_family == AF_INET6)
    return is_private_v6(reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
  return address->sa_family == AF_UNIX;
}

}  // namespace streamd::cloud
