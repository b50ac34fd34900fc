#include "config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

#include "base/file.h"
#include "config/database.h"
#include "config/nearest.h"
#include "config/reporting.h"
#include "config/value.h"

namespace streamd::config {
namespace {

constexpr std::uint64_t kLargestFile = 16 * kMiB;

// The sections of all files together.
struct Sections {
  Settings streamd, log, defaults;
  Storages storages;
  std::vector<Node> databases;
};

class Reader {
 public:
  Reader(Reading& reading) : reading_(reading), schemas_(reading) {}

  void add(const Node& root) {
    for (const auto& [key, node] : *root.table()) {
      if (key == "streamd")
        merge(sections_.streamd, node, key, kStreamd);
      else if (key == "log")
        merge(sections_.log, node, key, kLog);
      else if (key == "defaults")
        merge(sections_.defaults, node, key, kDefaults);
      else if (key == "storage")
        add_storages(node);
      else if (key == "database")
        add_databases(node);
      else
        unknown(key, node);
    }
  }

  // One with a table of its own is not taken from a watched folder, too.
  void add_databases_to(Config& config) {
    const Surroundings around{sections_.storages, sections_.defaults, schemas_};
    std::vector<Database> found;
    for (const Node& node : sections_.databases) {
      DatabaseTable table = read_database(node, around, reading_);
      auto& into = table.directory ? found : config.databases;
      std::move(table.databases.begin(), table.databases.end(), std::back_inserter(into));
      if (table.directory) config.directories.push_back(std::move(*table.directory));
    }
    std::set<std::string> known;
    for (const Database& database : config.databases) known.insert(database.real_path);
    for (Database& database : found)
      if (known.insert(database.real_path).second) config.databases.push_back(std::move(database));
  }
  const Sections& sections() const { return sections_; }

 private:
  void merge(Settings& into, const Node& node, const std::string& key, Place place) {
    if (node.table() == nullptr) {
      reading_.problems.error(node.where, fmt::format("'{}' is {}", key, node.kind()),
                              fmt::format("write [{}] above its options", key));
      return;
    }
    const auto options = options_at(place);
    for (auto& [name, setting] :
         read_section(*node.table(), "[" + key + "]", options, {}, reading_))
      into[name] = setting;
  }

  void add_storages(const Node& node) {
    if (node.table() == nullptr) {
      reading_.problems.error(node.where, fmt::format("'storage' is {}", node.kind()),
                              "write [storage.NAME] above its options");
      return;
    }
    for (const auto& [name, table] : *node.table()) {
      const auto known = sections_.storages.find(name);
      if (known != sections_.storages.end()) {
        reading_.problems.error(table.where, fmt::format("storage '{}' is already there at {}",
                                                         name, to_text(known->second.origin)));
        continue;
      }
      if (table.table() == nullptr) {
        reading_.problems.error(table.where, fmt::format("storage '{}' is {}", name, table.kind()),
                                "write [storage.NAME] above its options");
        continue;
      }
      auto storage = schemas_.read(name, "[storage." + name + "]", table, kStorage);
      if (storage) sections_.storages.emplace(name, std::move(*storage));
    }
  }

  void add_databases(const Node& node) {
    if (node.array() != nullptr)
      for (const Node& item : *node.array()) sections_.databases.push_back(item);
    else
      reading_.problems.error(node.where, fmt::format("'database' is {}", node.kind()),
                              "write [[database]] with two brackets: there may be several");
  }

  void unknown(const std::string& key, const Node& node) {
    const std::vector<std::string> sections{"streamd", "log", "defaults", "storage", "database"};
    std::string hint = "sections are [streamd], [log], [defaults], [storage.NAME], [[database]]";
    if (const std::string near = nearest(key, sections); !near.empty())
      hint = fmt::format("did you mean '{}'?", near);
    if (const OptionSpec* option = find_option(engine_options(), key))
      hint = fmt::format("'{}' belongs in: {}", key, places_text(option->places));
    reading_.problems.error(node.where, fmt::format("unknown section or key '{}'", key), hint);
  }

  Reading& reading_;
  DriverSchemas schemas_;
  Sections sections_;
};

Settings with_defaults(const Settings& written, Place place) {
  Settings settings;
  for (const OptionSpec& option : options_at(place)) {
    const auto found = written.find(option.name);
    settings[option.name] = found == written.end() ? default_of(option) : found->second;
  }
  return settings;
}

void take_mode(const Settings& from, const char* option, unsigned& mode, Problems& problems) {
  if (const auto parsed = parse_mode(text_of(from, option)))
    mode = *parsed;
  else
    problems.error(from.find(option)->second.origin, parsed.error(), option);
}

void fill_global(Config& config, const Sections& sections, Problems& problems) {
  config.streamd_settings = with_defaults(sections.streamd, kStreamd);
  config.log_settings = with_defaults(sections.log, kLog);
  const Settings& from = config.streamd_settings;
  config.streamd.driver_path = from.find("driver-path")->second.items;
  config.streamd.state_dir = text_of(from, "state-dir");
  config.streamd.http = text_of(from, "http");
  config.streamd.control = text_of(from, "control");
  config.streamd.control_group = text_of(from, "control-group");
  config.streamd.shutdown_timeout = duration_of(from, "shutdown-timeout");
  config.streamd.watchdog = duration_of(from, "watchdog");
  config.streamd.wait_control = text_of(from, "wait-control");
  config.streamd.wait_control_group = text_of(from, "wait-control-group");
  take_mode(from, "control-mode", config.streamd.control_mode, problems);
  take_mode(from, "wait-control-mode", config.streamd.wait_control_mode, problems);
  config.streamd.http_token = text_of(from, "http-token");
  config.streamd.on_event = from.find("on-event")->second.items;
  config.streamd.on_event_url = text_of(from, "on-event-url");
  config.streamd.on_event_timeout = duration_of(from, "on-event-timeout");
  config.streamd.events = from.find("events")->second.items;
  parse_level(text_of(config.log_settings, "level"), config.log.level);
  const std::string& format = text_of(config.log_settings, "format");
  config.log.format = format == "json"   ? LogStyle::kJson
                      : format == "text" ? LogStyle::kText
                                         : LogStyle::kAuto;
}

void read_one(const std::string& path, std::vector<SourceText>& sources, Problems& problems) {
  const auto bytes = read_file(path, kLargestFile);
  if (bytes) {
    sources.push_back({path, std::string(as_text(*bytes))});
    return;
  }
  if (bytes.error().code == Code::kNotFound)
    problems.error({path, 0}, "there is no configuration: this file does not exist",
                   "write it, name another with --config, or do without: `streamctl restore URL -o "
                   "FILE`, `streamd DB URL`, with URLs like file:///backups/app");
  else if (bytes.error().code == Code::kPermission)
    problems.error(
        {path, 0}, bytes.error().message,
        "run this as root or as the user of streamd, or name another file with --config");
  else
    problems.error({path, 0}, bytes.error().message, "name the file itself with --config");
}

// The rule of conf.d: names that end in .toml, sorted.
std::vector<std::string> drop_ins(const std::string& path, Problems& problems) {
  const std::string folder = join_path(folder_of(path), "conf.d");
  std::vector<std::string> files;
  const auto there = stat_path(folder);
  if (!there || !there->has_value()) return files;
  const auto names = list_folder(folder);
  if (!names) {
    problems.error({folder, 0}, names.error());
    return files;
  }
  for (const std::string& name : *names)
    if (name.ends_with(".toml")) files.push_back(join_path(folder, name));
  return files;
}

void warn_about_readers(const std::set<std::string>& files, Problems& problems) {
  for (const std::string& file : files) {
    const auto status = stat_path(file);
    if (!status || !status->has_value() || ((*status)->st_mode & S_IROTH) == 0) continue;
    problems.warning(
        {file, 0},
        fmt::format("others can read this file (mode {:04o}), and it has a secret in it",
                    (*status)->st_mode & 07777),
        fmt::format("chmod o-rwx {}, or write ${{NAME}} or file:PATH instead", file));
  }
}

Loaded load_with(const std::vector<SourceText>& sources, const Context& context,
                 Problems problems) {
  Loaded loaded;
  loaded.problems = std::move(problems);
  Reading reading{context, loaded.problems, {}};
  Reader reader(reading);
  bool parsed = loaded.problems.all().empty();
  for (const SourceText& source : sources) {
    loaded.config.files.push_back(source.file);
    const auto root = parse_toml(source.text, source.file);
    if (root)
      reader.add(*root);
    else
      loaded.problems.error({}, root.error());
    parsed = parsed && root.has_value();
  }
  fill_global(loaded.config, reader.sections(), loaded.problems);
  reader.add_databases_to(loaded.config);
  check_duplicates(loaded.config.databases, reading);
  check_reporting(loaded.config, loaded.problems);
  if (parsed && reader.sections().databases.empty())
    loaded.problems.error({sources.empty() ? "" : sources.front().file, 0},
                          "no database is configured",
                          "add [[database]] with path = \"/data/app.db\"");
  warn_about_readers(reading.files_with_secrets, loaded.problems);
  loaded.sources = sources;
  return loaded;
}

}  // namespace

Loaded load_sources(const std::vector<SourceText>& sources, const Context& context) {
  return load_with(sources, context, {});
}

Loaded load(const std::string& path, const Context& context) {
  Problems problems;
  std::vector<SourceText> sources;
  read_one(path, sources, problems);
  for (const std::string& file : drop_ins(path, problems)) read_one(file, sources, problems);
  return load_with(sources, context, std::move(problems));
}

Result<Config> load_or_error(const std::string& path, const Context& context) {
  Loaded loaded = load(path, context);
  if (loaded.problems.has_errors()) return to_error(loaded.problems);
  return std::move(loaded.config);
}

Config default_config() {
  Config config;
  Problems none;
  fill_global(config, {}, none);
  return config;
}

}  // namespace streamd::config
