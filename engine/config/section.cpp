#include "config/section.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "config/nearest.h"
#include "config/value.h"

namespace streamd::config {
namespace {

Error bad(std::string message, std::string hint = {}) {
  return make_error(Code::kInvalidConfig, std::move(message), std::move(hint));
}

Result<std::string> absolute(const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  return bad(fmt::format("'{}' is not an absolute path", path),
             path.front() == '~' ? "'~' is not expanded here; write the path from the root on"
                                 : "write the path from the root on, with a '/' in front");
}

Result<std::string> one_of(const OptionSpec& option, const std::string& text) {
  if (std::find(option.values.begin(), option.values.end(), text) != option.values.end())
    return text;
  const std::string near = nearest(text, option.values);
  return bad(fmt::format("'{}' is none of {}", text, fmt::join(option.values, ", ")),
             near.empty() ? "" : fmt::format("did you mean '{}'?", near));
}

Result<std::string> normalized(const OptionSpec& option, const std::string& text) {
  switch (option.type) {
    case OptionType::kInt:
      return std::to_string(TRY(parse_int(text)));
    case OptionType::kBool:
      return std::string(TRY(parse_bool(text)) ? "true" : "false");
    case OptionType::kSize:
      return std::to_string(TRY(parse_size(text)));
    case OptionType::kDuration:
      return std::to_string(TRY(parse_duration(text)).count());
    case OptionType::kPath:
      return absolute(text);
    case OptionType::kEnum:
      return one_of(option, text);
    case OptionType::kString:
    case OptionType::kStrings:
    case OptionType::kPaths:
    case OptionType::kKeep:
      break;
  }
  return text;
}

bool is_list(const OptionSpec& option) {
  return option.type == OptionType::kStrings || option.type == OptionType::kPaths;
}

std::string hint_for(const OptionSpec& option, const Node& node) {
  const auto* number = std::get_if<std::int64_t>(&node.value);
  const std::string digits = number == nullptr ? "1" : std::to_string(*number);
  switch (option.type) {
    case OptionType::kDuration:
      return fmt::format("durations have a unit: \"{0}s\", \"{0}h\"", digits);
    case OptionType::kSize:
      return fmt::format("sizes have a unit: \"{0}MiB\"", digits);
    case OptionType::kKeep:
      return "write { all = \"7d\", daily = 14 }";
    case OptionType::kBool:
      return "write true or false, without quotes";
    case OptionType::kInt:
      return "write a whole number";
    case OptionType::kStrings:
    case OptionType::kPaths:
      return "write a list of strings: [\"...\"]";
    case OptionType::kString:
    case OptionType::kPath:
    case OptionType::kEnum:
      break;
  }
  return "write it in double quotes";
}

Error wrong_kind(const OptionSpec& option, const Node& node) {
  return bad(fmt::format("a {} is expected, found {}", type_name(option.type), node.kind()),
             hint_for(option, node));
}

Setting scalar(const OptionSpec& option, std::string text, std::string shown,
               const Origin& origin) {
  return {option.type, std::move(text), std::move(shown), {}, origin, option.secret};
}

Result<std::string> resolved(const OptionSpec& option, const std::string& written,
                             const Origin& where, Reading& reading) {
  Resolved value = TRY(resolve_value(written, reading.context.environment));
  if (option.secret && value.literal && !value.text.empty())
    reading.files_with_secrets.insert(where.file);
  return std::move(value.text);
}

Result<Setting> read_list(const OptionSpec& option, const Array& items, const Node& node,
                          Reading& reading) {
  Setting setting = scalar(option, {}, {}, node.where);
  for (const Node& item : items) {
    if (item.string() == nullptr) return wrong_kind(option, item);
    std::string text = TRY(resolved(option, *item.string(), node.where, reading));
    if (option.type == OptionType::kPaths) text = TRY(absolute(text));
    setting.items.push_back(std::move(text));
  }
  return setting;
}

Result<Setting> read_keep(const OptionSpec& option, const Table& rules, const Node& node) {
  static const std::vector<std::string> kRules{"all",     "hourly", "daily",    "weekly",
                                               "monthly", "yearly", "snapshots"};
  Setting setting = scalar(option, {}, {}, node.where);
  for (const auto& [name, value] : rules) {
    if (std::find(kRules.begin(), kRules.end(), name) == kRules.end()) {
      const std::string near = nearest(name, kRules);
      return bad(fmt::format("unknown rule '{}'", name),
                 near.empty() ? fmt::format("rules are {}", fmt::join(kRules, ", "))
                              : fmt::format("did you mean '{}'?", near));
    }
    const auto* count = std::get_if<std::int64_t>(&value.value);
    const bool right = name == "all" ? value.string() != nullptr : count != nullptr && *count >= 0;
    if (!right)
      return bad(fmt::format("rule '{}' has {}", name, value.kind()), hint_for(option, node));
    const std::int64_t number =
        name == "all" ? TRY(parse_duration(*value.string())).count() : *count;
    setting.items.push_back(fmt::format("{}={}", name, number));
  }
  return setting;
}

Result<Setting> read_scalar(const OptionSpec& option, const Node& node, Reading& reading) {
  if (const std::string* written = node.string()) {
    const std::string text = TRY(resolved(option, *written, node.where, reading));
    if (option.required && text.empty()) return bad("it is empty");
    return scalar(option, TRY(normalized(option, text)), text, node.where);
  }
  const auto* number = std::get_if<std::int64_t>(&node.value);
  if (number != nullptr && option.type == OptionType::kInt)
    return scalar(option, std::to_string(*number), std::to_string(*number), node.where);
  if (const auto* flag = std::get_if<bool>(&node.value)) {
    const char* text = *flag ? "true" : "false";
    const bool one_of_its_values =
        std::find(option.values.begin(), option.values.end(), text) != option.values.end();
    if (option.type == OptionType::kBool || one_of_its_values)
      return scalar(option, text, text, node.where);
  }
  return wrong_kind(option, node);
}

Result<Setting> read_any(const OptionSpec& option, const Node& node, Reading& reading) {
  if (is_list(option)) {
    if (node.string() != nullptr) return read_list(option, {node}, node, reading);
    if (node.array() == nullptr) return wrong_kind(option, node);
    return read_list(option, *node.array(), node, reading);
  }
  if (option.type == OptionType::kKeep) {
    if (node.table() == nullptr) return wrong_kind(option, node);
    return read_keep(option, *node.table(), node);
  }
  return read_scalar(option, node, reading);
}

// URLs are for the command line; in a file their parts are options.
std::string hint_for_url(const std::string& url) {
  const std::string driver = url.substr(0, url.find("://"));
  if (driver == "file")
    return fmt::format("write driver = \"file\" and path = \"{}\"", url.substr(7));
  return fmt::format("write driver = \"{0}\" and its options (`streamctl drivers show {0}`)",
                     driver);
}

std::string hint_for_unknown(const std::string& key, const Node& node,
                             std::span<const OptionSpec> options,
                             std::span<const std::string> also) {
  std::vector<std::string> names(also.begin(), also.end());
  for (const OptionSpec& option : options) names.push_back(option.name);
  if (const OptionSpec* elsewhere = find_option(engine_options(), key))
    return fmt::format("'{}' belongs in: {}", key, places_text(elsewhere->places));
  const std::string near = nearest(key, names);
  if (near.empty() && is_url(node)) return hint_for_url(*node.string());
  return near.empty() ? fmt::format("known here: {}", fmt::join(names, ", "))
                      : fmt::format("did you mean '{}'?", near);
}

}  // namespace

bool is_url(const Node& node) {
  const std::string* text = node.string();
  return text != nullptr && text->find("://") != std::string::npos;
}

Context process_context(DriverOptions driver_options) {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) name[0] = '\0';
  return {std::move(driver_options), process_environment(), name.data(), {}};
}

std::optional<Setting> read_value(const OptionSpec& option, const Node& node, Reading& reading) {
  Result<Setting> setting = read_any(option, node, reading);
  if (setting) return std::move(*setting);
  reading.problems.error(node.where, setting.error(), option.name);
  return std::nullopt;
}

Result<Setting> value_from_text(const OptionSpec& option, const std::string& text,
                                const Origin& origin) {
  if (!is_list(option)) return scalar(option, TRY(normalized(option, text)), text, origin);
  Setting setting = scalar(option, {}, {}, origin);
  if (!text.empty()) setting.items = {text};
  return setting;
}

Setting default_of(const OptionSpec& option) {
  const std::string& text = option.default_value;
  if (text.empty()) return scalar(option, {}, {}, {});
  Result<Setting> setting = value_from_text(option, text, {});
  // A driver's default may be spelled in another way than ours; it is the driver's to understand.
  if (setting) return std::move(*setting);
  return {OptionType::kString, text, text, {}, {}, option.secret};
}

Settings read_section(const Table& table, const std::string& title,
                      std::span<const OptionSpec> options, std::span<const std::string> also,
                      Reading& reading) {
  Settings settings;
  for (const auto& [key, node] : table) {
    if (std::find(also.begin(), also.end(), key) != also.end()) continue;
    const OptionSpec* option = find_option(options, key);
    if (option == nullptr) {
      reading.problems.error(node.where, fmt::format("unknown key '{}' in {}", key, title),
                             hint_for_unknown(key, node, options, also));
      continue;
    }
    auto setting = read_value(*option, node, reading);
    if (!setting) continue;
    settings[key] = std::move(*setting);
  }
  return settings;
}

bool was_meant(const Table& table, std::string_view option, std::span<const OptionSpec> options) {
  std::vector<std::string> names;
  for (const OptionSpec& each : options) names.push_back(each.name);
  return std::any_of(table.begin(), table.end(), [&](const auto& entry) {
    const auto& [key, node] = entry;
    return key == option || (find_option(options, key) == nullptr && nearest(key, names) == option);
  });
}

std::vector<OptionSpec> options_at(Place place) {
  std::vector<OptionSpec> options;
  for (const OptionSpec& option : engine_options())
    if ((option.places & place) != 0) options.push_back(option);
  return options;
}

const std::string& text_of(const Settings& settings, std::string_view option) {
  static const std::string kNone;
  const auto found = settings.find(option);
  return found == settings.end() ? kNone : found->second.text;
}

std::int64_t number_of(const Settings& settings, std::string_view option) {
  const std::string& text = text_of(settings, option);
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

milliseconds duration_of(const Settings& settings, std::string_view option) {
  return milliseconds(number_of(settings, option));
}

bool flag_of(const Settings& settings, std::string_view option) {
  return text_of(settings, option) == "true";
}

}  // namespace streamd::config
