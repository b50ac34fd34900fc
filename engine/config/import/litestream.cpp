#include "config/import/litestream.h"

#include <fmt/format.h>

#include <optional>

#include "config/import/go_values.h"
#include "config/import/replica_place.h"
#include "config/import/rules.h"
#include "config/import/yaml.h"
#include "config/value.h"

namespace streamd::config {
namespace {

class Import {
 public:
  explicit Import(const std::string& file) : file_(file) {}
  Result<Imported> run(const Node& root);

 private:
  void read_global(const Table& top);
  void read_logging(const Table& logging);
  void read_snapshot(const Table& table, Section& section);
  void read_retention(const Table& table, std::string_view key, Section& section);
  void read_database(const Node& node);
  std::optional<Section> read_replica(const Node& node);
  ReplicaPlace place_of(const Table& table);
  void read_s3(const Table& table, Section& section);
  void warn_of_secret(const Table& table, const char* key);
  void warn(const Node& node, const std::string& what) { problems_.warning(node.where, what); }

  const std::string& file_;
  const Table* top_ = nullptr;
  Problems problems_;
  Section streamd_{"[streamd]", {}}, log_{"[log]", {}}, defaults_{"[defaults]", {}};
  std::string databases_;
};

// ~/ is the home of whom streamd runs as.
std::string absolute(const std::string& path) {
  return path.starts_with("~/") ? "${HOME}" + path.substr(1) : path;
}

std::string database_path(std::string path) {
  for (const std::string_view scheme : {"sqlite3://", "sqlite://"})
    if (path.starts_with(scheme)) path.erase(0, scheme.size());
  return absolute(path);
}

void Import::read_retention(const Table& table, std::string_view key, Section& section) {
  const Node* node = member(table, key);
  const std::string text = text_of(table, key);
  if (text.empty()) return;
  const auto time = parse_go_duration(text);
  if (text.starts_with('-') || (time && time->count() == 0))
    section.set_bool("prune", false);  // Litestream then keeps everything
  else if (time || has_variable(text))
    section.set("retention", time ? format_duration(*time) : text);
  else
    warn(*node, fmt::format("{}: '{}' is not understood and left out", key, text));
}

void Import::read_snapshot(const Table& table, Section& section) {
  constexpr Rule kRules[] = {{"interval", Carry::kDuration, "snapshot-interval"}, {"retention"}};
  carry(table, kRules, section, problems_);
  read_retention(table, "retention", section);
  warn_of_unknown(table, {kRules}, problems_);
}

void Import::read_logging(const Table& logging) {
  constexpr Rule kRules[] = {
      {"level"},
      {"type"},
      {"stderr"},
      {"source", Carry::kDrop, "", "streamd does not log places of its code"}};
  carry(logging, kRules, log_, problems_);
  warn_of_unknown(logging, {kRules}, problems_);
  std::string level = text_of(logging, "level");
  for (char& c : level) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (level == "warning") level = "warn";
  if (!level.empty()) log_.set("level", level);
  const std::string type = text_of(logging, "type");
  if (!type.empty()) log_.set("format", type == "json" ? "json" : "text");
}

void Import::read_global(const Table& top) {
  carry(top, global_rules(), streamd_, problems_);
  carry(top, replica_rules(), defaults_, problems_);
  std::erase_if(defaults_.options, [](const auto& option) { return option.first == "name"; });
  warn_of_unknown(top, {global_rules(), replica_rules(), s3_rules()}, problems_);
  if (const Node* logging = member(top, "logging"); logging && logging->table())
    read_logging(*logging->table());
  if (const Node* snapshot = member(top, "snapshot"); snapshot && snapshot->table())
    read_snapshot(*snapshot->table(), defaults_);
  if (const Node* retention = member(top, "retention"); retention && retention->table())
    if (text_of(*retention->table(), "enabled") == "false") defaults_.set_bool("prune", false);
  const std::string address = text_of(top, "addr");
  if (const std::size_t colon = address.rfind(':'); colon != std::string::npos) {
    streamd_.set("http", "127.0.0.1" + address.substr(colon));
    if (!address.starts_with("127.") && !address.starts_with("localhost"))
      warn(*member(top, "addr"), "addr: streamd listens on this machine only; see http");
  }
}

// What the URL says, and the fields, which win.
ReplicaPlace Import::place_of(const Table& table) {
  ReplicaPlace place;
  if (const std::string url = text_of(table, "url"); !url.empty()) {
    auto found = place_of_url(url);
    if (found)
      place = std::move(*found);
    else
      warn(*member(table, "url"), "url: " + found.error().message);
  }
  if (const std::string type = text_of(table, "type"); !type.empty()) place.type = type;
  if (const std::string path = text_of(table, "path"); !path.empty()) place.options["path"] = path;
  if (place.type.empty()) {
    if (const auto split = place.options["path"].find("://"); split != std::string::npos) {
      if (auto found = place_of_url(place.options["path"])) place = std::move(*found);
    } else {
      place.type = text_of(table, "bucket").empty() ? "file" : "s3";
    }
  }
  return place;
}

void Import::read_s3(const Table& table, Section& section) {
  carry(*top_, s3_rules(), section, problems_);
  carry(table, s3_rules(), section, problems_);
  const auto text = [&](const char* key) {
    const std::string own = text_of(table, key);
    return own.empty() ? text_of(*top_, key) : own;
  };
  if (const std::string endpoint = text("endpoint");
      !endpoint.empty() && endpoint.find("://") == std::string::npos && !has_variable(endpoint))
    section.set("endpoint", "https://" + endpoint);
  if (const std::string style = text("force-path-style"); !style.empty())
    section.set("address-style", style == "true" ? "path" : "host");
  if (text("skip-verify") == "true") section.set_bool("tls-verify", false);
  if (!text("sse-kms-key-id").empty()) section.set("sse", "aws:kms");
  if (const std::string path = text("sse-customer-key-path"); !path.empty())
    section.set("sse-customer-key", "file:" + absolute(path));
  warn_of_secret(table, "secret-access-key");
  warn_of_secret(table, "sse-customer-key");
}

void Import::warn_of_secret(const Table& table, const char* key) {
  const Node* node = text_of(table, key).empty() ? member(*top_, key) : member(table, key);
  if (node == nullptr || node->string() == nullptr ||
      has_variable(convert_variables(*node->string())))
    return;
  warn(*node,
       std::string(key) +
           ": it is written out here, and in what was made of it; ${NAME} or file:PATH keep it "
           "elsewhere");
}

std::optional<Section> Import::read_replica(const Node& node) {
  if (node.table() == nullptr) return std::nullopt;
  const Table& table = *node.table();
  warn_of_unknown(table, {replica_rules(), s3_rules()}, problems_);
  ReplicaPlace place = place_of(table);
  if (member(table, "age") != nullptr || member(*top_, "age") != nullptr) {
    warn(node, "this replica is left out: Litestream encrypts it, and keys are not carried over");
    return std::nullopt;
  }
  if (place.type != "file" && place.type != "s3") {
    warn(node, "this replica is left out: '" + place.type +
                   "' is not carried over; `streamctl drivers list` shows the storages there are");
    return std::nullopt;
  }
  const std::string path = place.options["path"];
  const bool in_bucket = place.options.contains("bucket") || !text_of(table, "bucket").empty() ||
                         !text_of(*top_, "bucket").empty();
  if (place.type == "file" ? path.empty() : !in_bucket) {
    warn(node, "this replica is left out: it names no place");
    return std::nullopt;
  }
  Section section{"[[database.replica]]", {}};
  section.set("driver", place.type);
  carry(table, replica_rules(), section, problems_);
  for (const auto& [option, value] : place.options)
    if (place.type == "s3" && option != "path") {
      const Table given{{option, Node{value, node.where}}};
      carry(given, s3_rules(), section, problems_);
      if (option == "force-path-style")
        section.set("address-style", value == "true" ? "path" : "host");
      if (option == "skip-verify" && value == "true") section.set_bool("tls-verify", false);
    }
  if (place.type == "s3") read_s3(table, section);
  section.set("path", place.type == "file" ? beside(absolute(path)) : beside(path));
  const std::string snapshots = text_of(table, "snapshot-interval");
  const auto time = parse_go_duration(snapshots);
  if (time && time->count() > 0) section.set("snapshot-interval", format_duration(*time));
  read_retention(table, "retention", section);
  return section;
}

void Import::read_database(const Node& node) {
  if (node.table() == nullptr) return;
  const Table& table = *node.table();
  warn_of_unknown(table, {database_rules()}, problems_);
  const std::string path = text_of(table, "path");
  if (path.empty()) {
    warn(node, "this entry is left out: it names a folder; list its databases each by its path");
    return;
  }
  Section database{"[[database]]", {}};
  database.set("path", database_path(path));
  carry(table, database_rules(), database, problems_);
  if (const Node* snapshot = member(table, "snapshot"); snapshot && snapshot->table())
    read_snapshot(*snapshot->table(), database);
  std::vector<Section> replicas;
  const auto add = [&](const Node& each) {
    if (auto replica = read_replica(each)) replicas.push_back(std::move(*replica));
  };
  if (const Node* one = member(table, "replica")) add(*one);
  if (const Node* list = member(table, "replicas"); list && list->array())
    for (const Node& each : *list->array()) add(each);
  if (replicas.empty()) {
    warn(node, path + " is left out: no replica of it could be carried over");
    return;
  }
  std::map<std::string, int> names;
  databases_ += database.toml();
  for (Section& replica : replicas) {
    const bool named = replica.options.size() > 1 && replica.options[1].first == "name";
    const std::string name = replica.options[named ? 1 : 0].second;
    const int before = names[name]++;
    if (before > 0 && !named)
      replica.set("name", name.substr(1, name.size() - 2) + "-" + std::to_string(before + 1));
    databases_ += replica.toml();
  }
}

Result<Imported> Import::run(const Node& root) {
  if (root.table() == nullptr)
    return make_error(Code::kInvalidConfig, file_ + ": it is no configuration of Litestream's");
  top_ = root.table();
  read_global(*top_);
  if (const Node* databases = member(*top_, "dbs"); databases && databases->array())
    for (const Node& each : *databases->array()) read_database(each);
  if (databases_.empty())
    return make_error(Code::kInvalidConfig,
                      file_ + ": it names no database that could be carried over",
                      problems_.all().empty() ? "" : problems_.all().back().message);
  Imported imported;
  imported.toml = "# Made from " + quoted(file_).substr(1, quoted(file_).size() - 2) +
                  ", a configuration of Litestream's. Replicas lie beside Litestream's own.\n" +
                  streamd_.toml() + log_.toml() + defaults_.toml() + databases_;
  imported.warnings = std::move(problems_);
  return imported;
}

}  // namespace

Result<Imported> import_litestream(std::string_view text, const std::string& file) {
  const Node root = TRY(parse_yaml(text, file));
  return Import(file).run(root);
}

}  // namespace streamd::config
