// Where a bucket is at an endpoint, and what its host tells. Pure.
#pragma once
#include <string>

#include "endpoint.h"
#include "shared.h"

namespace streamd::s3 {

// How the bucket is addressed at an endpoint.
struct Address {
  Endpoint endpoint;  // with the bucket in its host, in virtual-host style
  std::string base;   // before the key in the path: "/" or "/bucket/"
};
Address address_of(Endpoint endpoint, const std::string& bucket, bool virtual_host);

// "us-west-2" of "s3.us-west-2.amazonaws.com", "nyc3" of "nyc3.digitaloceanspaces.com"; "" = not
// to be seen.
std::string region_in_host(const std::string& host, const std::string& pattern);

}  // namespace streamd::s3
