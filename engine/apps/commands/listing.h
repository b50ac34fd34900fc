// generations, snapshots and segments: the same walk over replicas, with rows of their own.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "apps/commands/command.h"
#include "apps/table.h"
#include "catalog/timeline.h"
#include "litestream/inventory.h"
#include "restore/exact_times.h"

namespace streamd::apps {

struct Rows {
  Table table;
  Json json = Json::array();
  bool exact = true;  // times are as recorded, and not as names tell them
};
// Adds the rows of one replica.
using AddRows =
    std::function<void(const std::string& replica, const catalog::Timeline& timeline, Rows& rows)>;
// Those of one that is Litestream's.
using AddLitestreamRows = std::function<void(const std::string& replica,
                                             const litestream::Inventory& inventory, Rows& rows)>;

struct Listing {
  std::string name, description;
  std::vector<std::string> header;
  restore::TimesOf times;  // that the rows show
  AddRows add_rows;
  AddLitestreamRows add_litestream_rows;  // may be empty
  bool many = false;  // objects: they are only read for their times when --exact asks for it
};
// Declares the command. It prints what could be listed; a replica that could not is an error on
// stderr and in the exit code, and so is an object that is damaged. kNoBackup when the replicas
// answered and there is nothing at all.
void declare_listing(const Command& app, Session& session, const Listing& listing);

}  // namespace streamd::apps
