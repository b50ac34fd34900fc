#include "config/database.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "base/file.h"
#include "config/nearest.h"

namespace streamd::config {
namespace {

std::string real_path_of(const std::string& path) {
  const auto resolved = canonical_path(path);  // opens nothing
  return resolved ? *resolved : std::filesystem::path(path).lexically_normal().string();
}

void fill_database(Database& database, const Settings& own, const Settings& defaults) {
  for (const OptionSpec& option : options_at(kDatabase)) {
    if ((option.places & kDefaults) == 0 || (option.places & kReplica) != 0) continue;
    Setting setting = default_of(option);
    for (const Settings* from : {&own, &defaults}) {
      const auto found = from->find(option.name);
      if (found == from->end()) continue;
      setting = found->second;
      break;
    }
    database.settings[option.name] = std::move(setting);
  }
  const Settings& from = database.settings;
  database.spool_max_size = static_cast<std::uint64_t>(number_of(from, "spool-max-size"));
  database.wal_soft_limit = static_cast<std::uint64_t>(number_of(from, "wal-soft-limit"));
  database.wal_hard_limit = static_cast<std::uint64_t>(number_of(from, "wal-hard-limit"));
  database.wal_force_reset = flag_of(from, "wal-force-reset");
  database.restore_missing = flag_of(from, "restore-missing");
  database.restore_from =
      text_of(from, "restore-from") == "any" ? RestoreFrom::kAny : RestoreFrom::kAll;
  database.takeover = flag_of(from, "takeover");
  database.set_wal = flag_of(from, "set-wal");
  database.heartbeat_url = text_of(from, "heartbeat-url");
  database.heartbeat_interval = duration_of(from, "heartbeat-interval");
}

// What is said beside `directory` and does not fit it, or the other way round.
void check_directory(const Settings& own, Problems& problems) {
  const bool watched = own.contains("directory");
  for (const char* option : {"path", "name"})
    if (const auto found = own.find(option); watched && found != own.end())
      problems.error(found->second.origin,
                     fmt::format("'{}' beside 'directory': its files are the databases", option),
                     "remove one of the two");
  for (const char* option : {"pattern", "recursive"})
    if (const auto found = own.find(option); !watched && found != own.end())
      problems.error(found->second.origin, fmt::format("'{}' without 'directory'", option),
                     "add directory = \"/data/tenants\"");
}

bool check_path(const Settings& own, const Node& node, Problems& problems) {
  if (own.contains("directory")) return false;
  const std::string& path = text_of(own, "path");
  if (path.empty()) {
    // An error in the value itself was told already.
    if (own.contains("path") || !was_meant(*node.table(), "path", options_at(Place::kDatabase)))
      problems.error(node.where, "[[database]] has no path", "add path = \"/data/app.db\"");
    return false;
  }
  if (path.ends_with('/')) {
    problems.error(own.find("path")->second.origin, "path '" + path + "' is a folder",
                   "name the database file itself");
    return false;
  }
  return true;
}

class ReplicaReader {
 public:
  ReplicaReader(const Database& database, const Settings& own, const Surroundings& around,
                Reading& reading)
      : around_(around),
        inherited_{&own, &around.defaults},
        placeholders_(placeholders_of(database, reading.context.host)),
        reading_(reading) {}

  std::vector<Replica> read(const Table& table) {
    if (const Node* inline_tables = member(table, "replica")) read_inline(*inline_tables);
    if (const Node* references = member(table, "replicas")) read_references(*references);
    return std::move(replicas_);
  }

 private:
  void add(const Storage& storage, const Settings& own, const Origin& origin) {
    auto replica = make_replica(storage, own, inherited_, placeholders_, origin, reading_);
    if (replica) replicas_.push_back(std::move(*replica));
  }

  void read_inline(const Node& node) {
    const Array one{node};
    const Array* tables = node.table() != nullptr ? &one : node.array();
    if (tables == nullptr) return wrong(node, "write [[database.replica]] above its options");
    for (const Node& table : *tables) {
      if (table.table() == nullptr) {
        wrong(table, "write [[database.replica]] above its options");
        continue;
      }
      if (member(*table.table(), "storage") != nullptr) {
        read_reference(table);
        continue;
      }
      const auto storage = around_.schemas.read("", "[[database.replica]]", table, Place::kReplica);
      if (storage) add(*storage, storage->settings, table.where);
    }
  }

  void read_references(const Node& node) {
    if (node.array() == nullptr)
      return wrong(node, "write replicas = [\"offsite\", { storage = \"usb\" }]");
    for (const Node& item : *node.array()) read_reference(item);
  }

  void read_reference(const Node& node) {
    if (const std::string* name = node.string()) {
      if (const Storage* storage = find(*name, node.where)) add(*storage, {}, node.where);
      return;
    }
    if (node.table() == nullptr)
      return wrong(node, "write the name of a [storage.NAME], or a table with storage = \"NAME\"");
    const Settings own = read_section(*node.table(), "a replica with a storage",
                                      options_at(Place::kReplica), {}, reading_);
    if (own.contains("driver")) {
      reading_.problems.error(node.where, "a replica has either a storage or a driver, not both",
                              "write the driver into [storage.NAME]");
      return;
    }
    if (!own.contains("storage")) {
      if (member(*node.table(), "storage") == nullptr)
        reading_.problems.error(node.where, "a replica without storage",
                                "write { storage = \"NAME\" }");
      return;
    }
    if (const Storage* storage = find(text_of(own, "storage"), node.where))
      add(*storage, own, node.where);
  }

  const Storage* find(const std::string& name, const Origin& where) {
    const auto found = around_.storages.find(name);
    if (found != around_.storages.end()) return &found->second;
    std::vector<std::string> names;
    for (const auto& [known, storage] : around_.storages) names.push_back(known);
    const std::string near = nearest(name, names);
    std::string hint = "add [storage." + name + "] with its driver and options";
    if (!near.empty()) hint = "did you mean '" + near + "'?";
    reading_.problems.error(where, "storage '" + name + "' is not there", hint);
    return nullptr;
  }

  void wrong(const Node& node, const char* hint) {
    reading_.problems.error(node.where, fmt::format("{} is no replica", node.kind()), hint);
  }

  const Surroundings& around_;
  Inherited inherited_;
  Placeholders placeholders_;
  Reading& reading_;
  std::vector<Replica> replicas_;
};

void check_replica_names(const Database& database, Problems& problems) {
  std::map<std::string, Origin> names;
  for (const Replica& replica : database.replicas) {
    const auto [first, fresh] = names.emplace(replica.name, replica.origin);
    if (fresh) continue;
    problems.error(
        replica.origin,
        fmt::format("replica '{}' is already there at {}", replica.name, to_text(first->second)),
        "give one of them another name = \"...\"");
  }
}

Database with_path(const Node& node, const Settings& own, const Surroundings& around,
                   const std::string& path) {
  Database database;
  database.origin = node.where;
  database.path = path;
  database.real_path = real_path_of(path);
  database.name = name_of(path);
  if (own.contains("directory")) database.directory = real_path_of(text_of(own, "directory"));
  fill_database(database, own, around.defaults);
  return database;
}

Directory directory_of(const Settings& own) {
  const Setting& written = own.find("directory")->second;
  Directory directory{real_path_of(written.text), "*.db", false, written.origin};
  if (own.contains("pattern")) directory.pattern = text_of(own, "pattern");
  if (own.contains("recursive")) directory.recursive = flag_of(own, "recursive");
  return directory;
}

// The table was read without a problem once; what is said again for each file is thrown away.
std::vector<Database> files_of(const Directory& directory, const Node& node, const Settings& own,
                               const Surroundings& around, Reading& reading) {
  std::vector<Database> databases;
  if (!reading.context.files_of) return databases;
  Problems again;
  Reading quietly{reading.context, again, {}};
  for (const std::string& path : reading.context.files_of(directory)) {
    Database database = with_path(node, own, around, path);
    database.name = path.substr(std::min(directory.path.size() + 1, path.size()));
    database.settings["path"] = {OptionType::kPath, path, path, {}, directory.origin, false};
    database.replicas = ReplicaReader(database, own, around, quietly).read(*node.table());
    databases.push_back(std::move(database));
  }
  return databases;
}

}  // namespace

Placeholders placeholders_of(const Database& database, const std::string& host) {
  const std::string normal = std::filesystem::path(database.path).lexically_normal().string();
  return {database.name, normal.substr(std::min<std::size_t>(1, normal.size())), host,
          !database.directory.empty()};
}

Result<Database> plain_database(const std::string& path, const Origin& origin) {
  const OptionSpec& option = *find_option(engine_options(), "path", kDatabase);
  Database database;
  database.origin = origin;
  database.settings["path"] = TRY(value_from_text(option, path, origin));
  database.path = path;
  database.real_path = real_path_of(path);
  database.name = name_of(path);
  fill_database(database, {}, {});
  return database;
}

DatabaseTable read_database(const Node& node, const Surroundings& around, Reading& reading) {
  if (node.table() == nullptr) {
    reading.problems.error(node.where, fmt::format("{} is no database", node.kind()),
                           "write [[database]] above its options");
    return {};
  }
  const std::array<std::string, 2> also{"replica", "replicas"};
  const Settings own =
      read_section(*node.table(), "[[database]]", options_at(Place::kDatabase), also, reading);
  const std::size_t before = reading.problems.all().size();
  check_directory(own, reading.problems);
  const bool has_path = check_path(own, node, reading.problems);
  Database database = with_path(node, own, around, has_path ? text_of(own, "path") : "/unnamed");
  if (has_path) database.settings["path"] = own.find("path")->second;
  if (own.contains("name")) {
    database.name = text_of(own, "name").empty() ? database.name : text_of(own, "name");
    database.settings["name"] = own.find("name")->second;
  }
  const bool watched = own.contains("directory");
  const std::size_t before_replicas = reading.problems.all().size();
  database.replicas = ReplicaReader(database, own, around, reading).read(*node.table());
  if (database.replicas.empty() && reading.problems.all().size() == before_replicas)
    reading.problems.error(
        node.where, fmt::format("database {}has no replica", has_path ? database.path + " " : ""),
        "add [[database.replica]], or replicas = [\"NAME\"]");
  check_replica_names(database, reading.problems);
  if (has_path) return {std::vector{std::move(database)}, std::nullopt};
  if (!watched) return {};
  DatabaseTable table{{}, directory_of(own)};
  const bool right = std::none_of(reading.problems.all().begin() + static_cast<long>(before),
                                  reading.problems.all().end(),
                                  [](const Problem& problem) { return !problem.warning; });
  if (right) table.databases = files_of(*table.directory, node, own, around, reading);
  return table;
}

void check_duplicates(const std::vector<Database>& databases, Reading& reading) {
  std::map<std::string, const Database*> paths, names;
  std::map<std::string, std::pair<const Database*, const Replica*>> places;
  for (const Database& database : databases) {
    const auto [path, new_path] = paths.emplace(database.real_path, &database);
    if (!new_path) {
      reading.problems.error(database.origin,
                             fmt::format("database {} is already there at {}", database.path,
                                         to_text(path->second->origin)),
                             "give one [[database]] all its replicas");
      continue;
    }
    const auto [name, new_name] = names.emplace(database.name, &database);
    if (!new_name && database.settings.contains("name") && name->second->settings.contains("name"))
      reading.problems.error(
          database.settings.find("name")->second.origin,
          fmt::format("the name '{}' is already that of {}", database.name, name->second->path),
          "names of databases are unique");
    for (const Replica& replica : database.replicas) {
      std::vector<OptionSpec> schema;
      if (reading.context.driver_options)
        schema = reading.context.driver_options(replica.driver).value_or(schema);
      const auto [place, new_place] =
          places.emplace(place_identity(replica.driver, replica.options, replica.prefix, schema),
                         std::pair(&database, &replica));
      if (new_place) continue;
      const auto& [other_database, other] = place->second;
      reading.problems.error(
          replica.origin,
          fmt::format("replica '{}' of {} lies at the same place as '{}' of {}", replica.name,
                      database.path, other->name, other_database->path),
          "give each a path of its own, as path = \"{host}/{relpath}\"");
    }
  }
}

}  // namespace streamd::config
