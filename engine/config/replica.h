// From tables to a replica: storage references, the driver's options, inheritance.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/place.h"
#include "config/section.h"

namespace streamd::config {

// A [storage.NAME], or what an inline replica says about its storage.
struct Storage {
  std::string name;  // empty = inline
  std::string driver;
  std::vector<OptionSpec> schema;  // of the driver
  bool schema_known = false;       // false: the driver was not asked, or is not there
  Settings settings;               // engine's and driver's
  std::set<std::string> refused;   // required options that were written, but wrongly
  Origin origin;
};

// The driver of a table, and the options that it may have at the place; problems are noted once
// per driver. nullopt when the table names no driver.
class DriverSchemas {
 public:
  explicit DriverSchemas(Reading& reading) : reading_(&reading) {}
  std::optional<Storage> read(const std::string& name, const std::string& title, const Node& node,
                              Place place);

 private:
  // nullptr when the options are not known.
  const std::vector<OptionSpec>* of(const std::string& driver, const Origin& where);
  void without_driver(const std::string& title, const Node& node, Place place);
  void take_unchecked(const std::string& key, const Node& node, Settings& settings);
  Reading* reading_;
  std::map<std::string, std::optional<std::vector<OptionSpec>>> known_;
};

// What a replica inherits, nearest first.
struct Inherited {
  const Settings* database;
  const Settings* defaults;
};

// `own` are the replica's settings: those of the inline table, or those beside `storage`. Notes
// problems; nullopt when there can be no replica.
std::optional<Replica> make_replica(const Storage& storage, const Settings& own,
                                    const Inherited& inherited, const Placeholders& placeholders,
                                    const Origin& origin, Reading& reading);

// Fills the typed members from replica.settings.
void fill_replica(Replica& replica, Problems& problems);

}  // namespace streamd::config
