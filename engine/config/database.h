// [[database]] tables to databases with their replicas.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "config/replica.h"

namespace streamd::config {

using Storages = std::map<std::string, Storage>;

// The files' parts that databases depend on; borrowed.
struct Surroundings {
  const Storages& storages;
  const Settings& defaults;
  DriverSchemas& schemas;
};

// nullopt, with problems noted, when there can be no database.
std::optional<Database> read_database(const Node& node, const Surroundings& around,
                                      Reading& reading);

// A database of a path without a table, with the defaults: from the command line.
Result<Database> plain_database(const std::string& path, const Origin& origin);

// Databases and replicas that are the same as another.
void check_duplicates(const std::vector<Database>& databases, Reading& reading);

Placeholders placeholders_of(const Database& database, const std::string& host);

}  // namespace streamd::config
