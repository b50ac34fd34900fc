// Where a replica of Litestream's lies, out of its URL or its fields. Pure.
#pragma once
#include <map>
#include <string>

#include "base/result.h"

namespace streamd::config {

struct ReplicaPlace {
  std::string type;  // file, s3, abs, ...
  std::map<std::string, std::string>
      options;  // bucket, path, endpoint, region, ... as the file has them
};

// `url` with variables already converted. kInvalidConfig when it is no URL.
Result<ReplicaPlace> place_of_url(const std::string& url);

// The sibling that streamd writes to: "app" becomes "app-streamd", the root of a bucket "streamd".
std::string beside(std::string path);

}  // namespace streamd::config
