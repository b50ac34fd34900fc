// generations, snapshots and segments: the same walk over replicas, with rows of their own.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "apps/commands/command.h"
#include "apps/table.h"
#include "catalog/timeline.h"

namespace streamd::apps {

struct Rows {
  Table table;
  Json json = Json::array();
};
// Adds the rows of one replica.
using AddRows =
    std::function<void(const std::string& replica, const catalog::Timeline& timeline, Rows& rows)>;

struct Listing {
  std::string name, description;
  std::vector<std::string> header;
  AddRows add_rows;
};
// Declares the command. It prints what could be listed; a replica that could not is an error on
// stderr and in the exit code. kNoBackup when the replicas answered and there is nothing at all.
void declare_listing(CLI::App& app, Session& session, const Listing& listing);

}  // namespace streamd::apps
