#include "config/render.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "config/value.h"

namespace streamd::config {
namespace {

constexpr const char* kHidden = "***";

bool is_hidden(const Setting& setting) {
  return setting.secret && !setting.text.empty();
}

// In quotes, so that reading it again gives the same text.
std::string quoted(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += c == '$' ? "$$" : std::string(1, c);
  return json_quote(escaped);
}

// A rule of a keep table: its name, and its number as people write it.
struct KeepRule {
  std::string name, number;
  bool is_time() const { return name == "all"; }
};
KeepRule keep_rule(const std::string& item) {
  const std::size_t split = item.find('=');
  KeepRule rule{item.substr(0, split), item.substr(split + 1)};
  if (rule.is_time()) rule.number = format_duration(milliseconds(std::stoll(rule.number)));
  return rule;
}

// Also of an option that takes other words beside true and false.
bool is_flag(const Setting& setting) {
  const bool of_words = setting.type == OptionType::kEnum || setting.type == OptionType::kBool;
  return of_words && (setting.text == "true" || setting.text == "false");
}

std::string toml_value(const Setting& setting) {
  if (is_hidden(setting)) return quoted(kHidden);
  if (is_flag(setting)) return setting.text;
  std::vector<std::string> items;
  switch (setting.type) {
    case OptionType::kInt:
      return setting.text;
    case OptionType::kStrings:
    case OptionType::kPaths:
      for (const std::string& item : setting.items) items.push_back(quoted(item));
      return fmt::format("[{}]", fmt::join(items, ", "));
    case OptionType::kKeep:
      for (const std::string& item : setting.items) {
        const KeepRule rule = keep_rule(item);
        items.push_back(rule.name + " = " + (rule.is_time() ? quoted(rule.number) : rule.number));
      }
      return fmt::format("{{ {} }}", fmt::join(items, ", "));
    default:
      return quoted(setting.shown);
  }
}

Json json_value(const Setting& setting) {
  if (is_hidden(setting)) return Json(kHidden);
  if (is_flag(setting)) return Json(setting.text == "true");
  Json value;
  switch (setting.type) {
    case OptionType::kInt:
      return Json(std::int64_t{std::stoll(setting.text)});
    case OptionType::kStrings:
    case OptionType::kPaths:
      value = Json::array();
      for (const std::string& item : setting.items) value.push(item);
      return value;
    case OptionType::kKeep:
      value = Json::object();
      for (const std::string& item : setting.items) {
        const KeepRule rule = keep_rule(item);
        value.set(rule.name,
                  rule.is_time() ? Json(rule.number) : Json(std::int64_t{std::stoll(rule.number)}));
      }
      return value;
    default:
      return Json(setting.shown);
  }
}

// Nothing was written and nothing is the default: not worth a line, and of some types no value.
bool is_unset(const Setting& setting) {
  return setting.origin.file.empty() && setting.text.empty() && setting.items.empty();
}

std::string key_text(const std::string& key) {
  const bool bare = !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
  return bare ? key : json_quote(key);
}

void add_lines(std::string& out, const Settings& settings, const std::string& indent,
               bool origins) {
  for (const auto& [name, setting] : settings) {
    if (is_unset(setting)) continue;
    const std::string line = fmt::format("{}{} = {}", indent, key_text(name), toml_value(setting));
    out += origins ? fmt::format("{:<50}  # {}\n", line, to_text(setting.origin)) : line + "\n";
  }
}

// What says which replica this is, in the words of the file.
Settings with_identity(const Replica& replica) {
  Settings settings = replica.settings;
  const auto add = [&](const char* name, const std::string& text) {
    if (!text.empty())
      settings[name] = {OptionType::kString, text, text, {}, replica.origin, false};
  };
  add("name", replica.name);
  add("driver", replica.driver);
  if (!replica.options.contains("path")) add("path", replica.prefix);
  return settings;
}

Json json_of(const Settings& settings, bool origins) {
  Json object = Json::object();
  for (const auto& [name, setting] : settings) {
    if (is_unset(setting)) continue;
    Json value = json_value(setting);
    if (origins) {
      Json with_origin = Json::object();
      with_origin.set("value", std::move(value)).set("origin", to_text(setting.origin));
      value = std::move(with_origin);
    }
    object.set(name, std::move(value));
  }
  return object;
}

}  // namespace

std::string render_toml(const Config& config, bool origins) {
  std::string out = "[streamd]\n";
  add_lines(out, config.streamd_settings, "", origins);
  out += "\n[log]\n";
  add_lines(out, config.log_settings, "", origins);
  for (const Database& database : config.databases) {
    out += "\n[[database]]\n";
    add_lines(out, database.settings, "", origins);
    for (const Replica& replica : database.replicas) {
      out += "\n  [[database.replica]]\n";
      if (!replica.storage.empty()) out += "  # storage: " + replica.storage + "\n";
      if (replica.options.contains("path") && !replica.prefix.empty())
        out += "  # keys below: " + replica.prefix + "/\n";
      add_lines(out, with_identity(replica), "  ", origins);
    }
  }
  return out;
}

std::string toml_text(const std::string& text) {
  return quoted(text);
}

std::string render_written(const Database& database) {
  const auto written = [](const Settings& settings) {
    Settings only;
    for (const auto& [name, setting] : settings)
      if (!setting.origin.file.empty()) only[name] = setting;
    return only;
  };
  std::string out = "[[database]]\n";
  add_lines(out, written(database.settings), "", false);
  for (const Replica& replica : database.replicas) {
    out += "\n  [[database.replica]]\n";
    add_lines(out, written(with_identity(replica)), "  ", false);
  }
  return out;
}

Json render_json(const Config& config, bool origins) {
  Json databases = Json::array();
  for (const Database& database : config.databases) {
    Json replicas = Json::array();
    for (const Replica& replica : database.replicas) {
      Json one = json_of(with_identity(replica), origins);
      one.set("storage", replica.storage).set("prefix", replica.prefix);
      replicas.push(std::move(one));
    }
    Json one = json_of(database.settings, origins);
    one.set("replicas", std::move(replicas));
    databases.push(std::move(one));
  }
  Json all = Json::object();
  all.set("streamd", json_of(config.streamd_settings, origins));
  all.set("log", json_of(config.log_settings, origins));
  all.set("databases", std::move(databases));
  return all;
}

}  // namespace streamd::config
