// [[database]] tables to databases with their replicas.
#pragma once
#include <map>
#include <optional>
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

// What one table says: a database, or a watched folder and what is in it now; nothing, with
// problems noted, when it says neither.
struct DatabaseTable {
  std::vector<Database> databases;
  std::optional<Directory> directory;
};
DatabaseTable read_database(const Node& node, const Surroundings& around, Reading& reading);

// A database of a path without a table, with the defaults: from the command line.
Result<Database> plain_database(const std::string& path, const Origin& origin);

// Databases and replicas that are the same as another.
void check_duplicates(const std::vector<Database>& databases, Reading& reading);

Placeholders placeholders_of(const Database& database, const std::string& host);

}  // namespace streamd::config
