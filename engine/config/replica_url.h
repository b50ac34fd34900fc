// REPLICA-URL: a replica in one word, for the command line. The scheme is the driver's name, so
// every driver has its URL:
//   DRIVER://HOST/PATH?option=value&option=value
// HOST is the driver's option `bucket`, else its first required one other than `path`. PATH is the
// driver's option `path` when it has one (as the file driver), else the prefix of all keys. Options
// are the driver's, or a replica's (retention, ...). All parts are percent-decoded.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "config/model.h"
#include "config/section.h"

namespace streamd::config {

// With the defaults of everything else. kUsage or kInvalidConfig.
Result<Replica> parse_replica_url(std::string_view url, const Context& context);

// `streamd DB REPLICA-URL...`: one database with these replicas.
Result<Database> database_from_urls(const std::string& path, const std::vector<std::string>& urls,
                                    const Context& context);

}  // namespace streamd::config
