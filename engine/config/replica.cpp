#include "config/replica.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "config/nearest.h"
#include "config/value.h"

namespace streamd::config {
namespace {

// Engine options that say what a replica is; they are not inherited.
bool is_structural(const std::string& name) {
  return name == "name" || name == "driver" || name == "storage" || name == "path";
}

bool is_file_name(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.size() <= 100 &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
         });
}

// Engine and driver options side by side; the driver's `path` takes the engine's place.
std::vector<OptionSpec> joined(Place place, const std::vector<OptionSpec>& driver_options) {
  std::vector<OptionSpec> options = options_at(place);
  for (const OptionSpec& option : driver_options) {
    const auto same = std::find_if(options.begin(), options.end(), [&](const OptionSpec& ours) {
      return ours.name == option.name;
    });
    if (same == options.end())
      options.push_back(option);
    else if (option.name == "path")
      *same = option;
  }
  return options;
}

bool belongs_to_driver(const Storage& storage, const std::string& name) {
  if (find_option(storage.schema, name) != nullptr)
    return name == "path" || find_option(engine_options(), name, kStorage | kReplica) == nullptr;
  return !storage.schema_known &&
         find_option(engine_options(), name, kStorage | kReplica) == nullptr;
}

void take_driver_options(const Storage& storage, Replica& replica, Problems& problems) {
  for (const auto& [name, setting] : storage.settings) {
    if (!belongs_to_driver(storage, name)) continue;
    replica.options[name] = setting.text;
    replica.settings[name] = setting;
  }
  for (const OptionSpec& option : storage.schema) {
    if (replica.options.contains(option.name) || !belongs_to_driver(storage, option.name)) continue;
    if (option.required) {
      if (storage.refused.contains(option.name)) continue;  // told already
      problems.error(storage.origin,
                     fmt::format("driver '{}' needs the option '{}'", storage.driver, option.name),
                     option.help);
      continue;
    }
    if (option.default_value.empty()) continue;
    replica.settings[option.name] = default_of(option);
    replica.options[option.name] = replica.settings[option.name].text;
  }
}

void inherit(const Storage& storage, const Settings& own, const Inherited& inherited,
             Replica& replica) {
  for (const OptionSpec& option : options_at(kReplica)) {
    if (is_structural(option.name)) continue;
    Setting setting = default_of(option);
    for (const Settings* from : {&own, &storage.settings, inherited.database, inherited.defaults}) {
      const auto found = from->find(option.name);
      if (found == from->end()) continue;
      setting = found->second;
      break;
    }
    replica.settings[option.name] = std::move(setting);
  }
}

constexpr const char* kOwnPlace = "{host}/{relpath}";

bool tells_databases_apart(const std::string& prefix) {
  return prefix.find("{name}") != std::string::npos ||
         prefix.find("{relpath}") != std::string::npos;
}

Result<std::string> prefix_of(const Storage& storage, const Settings& own,
                              const Placeholders& placeholders) {
  const bool drivers_path = find_option(storage.schema, "path") != nullptr;
  std::string prefix;
  if (!drivers_path) prefix = text_of(storage.settings, "path");  // of the storage, or inline
  const bool told_apart = tells_databases_apart(prefix);
  const bool inline_of_many = storage.name.empty() && placeholders.one_of_many && !told_apart;
  const bool shared = !storage.name.empty() || inline_of_many;
  prefix = TRY(checked_prefix(TRY(expand_placeholders(prefix, placeholders))));
  if (!shared) return prefix;
  const bool written = own.contains("path") && !inline_of_many;
  std::string below = written ? text_of(own, "path") : kOwnPlace;
  if (written && placeholders.one_of_many && !told_apart && !tells_databases_apart(below))
    below = join_prefix(below, kOwnPlace);
  return join_prefix(prefix, TRY(checked_prefix(TRY(expand_placeholders(below, placeholders)))));
}

}  // namespace

const std::vector<OptionSpec>* DriverSchemas::of(const std::string& driver, const Origin& where) {
  if (!reading_->context.driver_options) return nullptr;
  const auto known = known_.find(driver);
  if (known != known_.end()) return known->second ? &*known->second : nullptr;
  auto& entry = known_[driver];
  auto options = reading_->context.driver_options(driver);
  if (options)
    entry = std::move(*options);
  else
    reading_->problems.error(where, options.error());
  return entry ? &*entry : nullptr;
}

std::optional<Storage> DriverSchemas::read(const std::string& name, const std::string& title,
                                           const Node& node, Place place) {
  Storage storage{name, {}, {}, false, {}, {}, node.where};
  const Table& table = *node.table();
  const Node* driver = member(table, "driver");
  if (driver == nullptr) {
    without_driver(title, node, place);
    return std::nullopt;
  }
  const auto text = read_value(*find_option(engine_options(), "driver"), *driver, *reading_);
  if (!text) return std::nullopt;
  storage.driver = text->text;
  const std::vector<OptionSpec>* schema = of(storage.driver, driver->where);
  storage.schema_known = schema != nullptr;
  if (schema != nullptr) storage.schema = *schema;
  const auto options = joined(place, storage.schema);
  std::vector<std::string> also;
  if (!storage.schema_known)  // whatever it is, it may be the driver's
    for (const auto& [key, value] : table)
      if (find_option(options, key) == nullptr) also.push_back(key);
  storage.settings = read_section(table, title, options, also, *reading_);
  for (const OptionSpec& option : storage.schema)
    if (option.required && !storage.settings.contains(option.name) &&
        was_meant(table, option.name, options))
      storage.refused.insert(option.name);
  for (const std::string& key : also) take_unchecked(key, *member(table, key), storage.settings);
  return storage;
}

// What can be said all the same: options of the engine are checked, and names that are no driver's.
void DriverSchemas::without_driver(const std::string& title, const Node& node, Place place) {
  const Table& table = *node.table();
  const auto options = options_at(place);
  std::vector<std::string> names, perhaps_the_drivers;
  for (const OptionSpec& option : options) names.push_back(option.name);
  std::string hint = "add driver = \"file\" or another";
  for (const auto& [key, value] : table) {
    if (find_option(options, key) != nullptr) continue;
    const bool misspelt = !nearest(key, std::array{std::string("driver")}).empty();
    if (misspelt) hint = "write driver instead of " + key;  // the likely cause
    if (misspelt || (nearest(key, names).empty() && !is_url(value)))
      perhaps_the_drivers.push_back(key);
  }
  read_section(table, title, options, perhaps_the_drivers, *reading_);
  reading_->problems.error(node.where, title + " has no driver", hint);
}

// An option of a driver that cannot be asked: as it is, and never shown.
void DriverSchemas::take_unchecked(const std::string& key, const Node& node, Settings& settings) {
  OptionSpec any;
  any.name = key;
  if (std::holds_alternative<bool>(node.value)) any.type = OptionType::kBool;
  if (std::holds_alternative<std::int64_t>(node.value)) any.type = OptionType::kInt;
  auto setting = read_value(any, node, *reading_);
  if (!setting) return;
  setting->secret = true;
  settings[key] = std::move(*setting);
}

void fill_replica(Replica& replica, Problems& problems) {
  const Settings& from = replica.settings;
  for (const char* option : {"sync-interval", "snapshot-interval", "retention", "idle-timeout"})
    if (duration_of(from, option).count() <= 0)
      problems.error(from.find(option)->second.origin, std::string(option) + " must be above 0s");
  replica.sync_interval = duration_of(from, "sync-interval");
  replica.snapshot_interval = duration_of(from, "snapshot-interval");
  replica.retention = duration_of(from, "retention");
  replica.idle_timeout = duration_of(from, "idle-timeout");
  replica.history =
      text_of(from, "history").empty() ? replica.retention : duration_of(from, "history");
  replica.verify_interval = duration_of(from, "verify-interval");
  replica.verify_budget = static_cast<std::uint64_t>(number_of(from, "verify-budget"));
  if (replica.history > replica.retention)
    problems.error(from.find("history")->second.origin,
                   "history (" + format_duration(replica.history) + ") is longer than retention (" +
                       format_duration(replica.retention) + ")",
                   "nothing is kept beyond retention but the snapshots of keep: raise retention");
  const std::string& prune = text_of(from, "prune");
  replica.prune = prune == "external" ? Prune::kExternal
                  : prune == "false"  ? Prune::kNever
                                      : Prune::kDaemon;
  replica.prune_grace = duration_of(from, "prune-grace");
  replica.merge_size = static_cast<std::uint64_t>(number_of(from, "merge-size"));
  replica.merge_cache_size = static_cast<std::uint64_t>(number_of(from, "merge-cache-size"));
  replica.bandwidth_limit = static_cast<std::uint64_t>(number_of(from, "bandwidth-limit"));
  replica.fault = text_of(from, "fault");
  replica.recipients = from.find("recipients")->second.items;
  replica.identity = text_of(from, "identity");
  for (const std::string& rule : from.find("keep")->second.items) {
    const std::size_t split = rule.find('=');
    std::int64_t number = 0;
    std::from_chars(rule.data() + split + 1, rule.data() + rule.size(), number);
    replica.keep[rule.substr(0, split)] = number;
  }
}

std::optional<Replica> make_replica(const Storage& storage, const Settings& own,
                                    const Inherited& inherited, const Placeholders& placeholders,
                                    const Origin& origin, Reading& reading) {
  Replica replica;
  replica.origin = origin;
  replica.driver = storage.driver;
  replica.storage = storage.name;
  for (const std::string& name :
       {text_of(own, "name"), text_of(storage.settings, "name"), storage.name, storage.driver})
    if (replica.name.empty()) replica.name = name;
  const bool named = is_file_name(replica.name);
  if (!named)
    reading.problems.error(origin, fmt::format("replica name '{}' is no file name", replica.name),
                           "use letters, digits, '.', '_' and '-'");
  auto prefix = prefix_of(storage, own, placeholders);
  if (!prefix) reading.problems.error(origin, prefix.error(), "replica '" + replica.name + "'");
  inherit(storage, own, inherited, replica);
  take_driver_options(storage, replica, reading.problems);
  fill_replica(replica, reading.problems);
  if (!named || !prefix) return std::nullopt;
  replica.prefix = std::move(*prefix);
  return replica;
}

}  // namespace streamd::config
