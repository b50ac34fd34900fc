// The rows of `streamctl generations` and `streamctl snapshots` for a replica of Litestream's.
// Times are when the store got the objects: 0.3 records no others.
#pragma once
#include "apps/commands/listing.h"

namespace streamd::apps {

void add_litestream_generations(const std::string& replica, const litestream::Inventory& inventory,
                                Rows& rows);
void add_litestream_snapshots(const std::string& replica, const litestream::Inventory& inventory,
                              Rows& rows);

}  // namespace streamd::apps
