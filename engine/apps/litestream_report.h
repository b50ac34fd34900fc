// What `streamctl restore` prints when it has restored from a replica of Litestream's.
#pragma once
#include <string>

#include "base/json.h"
#include "litestream/restore.h"

namespace streamd::apps {

// The names are those of a restore from one of ours, and "litestream" with the version beside them.
Json litestream_json(const std::string& out, const litestream::Report& report);
void print_litestream(const std::string& out, const litestream::Report& report);

}  // namespace streamd::apps
