// What differs between the stores that speak S3: one row of data each. docs/providers.md says which
// rows were checked against a real server.
#pragma once
#include <cstdint>
#include <string>

namespace streamd::s3 {

struct Profile {
  const char* name;
  const char* host;  // an endpoint is recognised by the end of its host; "" = by name only
  const char*
      endpoint;        // host when none is configured, {region} filled in; "" = must be configured
  const char* region;  // when none is configured or to be seen in the endpoint; "" = must be
  bool virtual_host;   // the bucket is a part of the host, else of the path
  bool batch_delete;   // POST ?delete is there
  bool ordered_list;   // ascending byte order, start-after honoured
  bool cloud_roles;    // credentials may come from AWS: web identity, container, instance
  std::uint32_t parallel_parts;   // of one upload
  std::uint32_t max_concurrency;  // calls at a time
  const char* header;             // sent with each request, "Name: value"; "" = none
};

// nullptr when there is no such row.
const Profile* find_profile(const std::string& name);
// By the end of the host; the row "generic" when none fits.
const Profile& profile_of_host(const std::string& host);
// "aws, minio, ...", for messages.
std::string profile_names();

}  // namespace streamd::s3
