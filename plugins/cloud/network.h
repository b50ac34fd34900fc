// How an instance's servers are reached, as its options say.
#pragma once
#include <streamd/driver.hpp>
#include <string>

#include "endpoint.h"
#include "proxy.h"

namespace streamd::cloud {

struct Network {
  std::string ca_file;  // "" = the system's
  Proxy proxy;
  bool tls_verify = true;
  bool refuse_public = false;  // connect to private addresses alone: plain http
};

// The options that all drivers for hosted stores have.
// clang-format off
#define STREAMD_NETWORK_OPTIONS \
  {"ca-file", "path", nullptr, "certificates to trust instead of the system's, PEM", 0, 0}, \
  {"tls-verify", "bool", "true", "false: anybody on the way can read and change what is sent", 0, 0}, \
  {"allow-http", "bool", "false", "plain http also to hosts that are neither loopback nor private", 0, 0}, \
  {"proxy", "string", nullptr, "URL of a proxy (default: as https_proxy and no_proxy say)", STREAMD_OPTION_SECRET, 0}
// clang-format on

// A proxy is secret for the password that may be in its URL.
// INVALID_CONFIG for a proxy that is no URL, and for plain http to a host that is neither loopback
// nor private, unless allow-http says so. Warns of what makes backups readable on the way.
streamd_code read_network(const sdk::Options& options, const sdk::Call& call,
                          const Endpoint& endpoint, Network& network);

}  // namespace streamd::cloud
