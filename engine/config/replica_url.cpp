#include "config/replica_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/database.h"
#include "config/nearest.h"
#include "config/place.h"

namespace streamd::config {
namespace {

const Origin kCommandLine{"command line", 0};

Error bad(std::string_view url, const std::string& why, std::string hint) {
  return make_error(Code::kUsage, fmt::format("replica url '{}': {}", url, why), std::move(hint));
}

struct Parts {
  std::string driver, host, path;
  std::vector<std::pair<std::string, std::string>> options;
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0 || high + low == 0)
      return make_error(Code::kUsage, fmt::format("'{}' has a '%' without two hex digits", text),
                        "write %25 for a percent sign");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

Status split_options(std::string_view url, std::string_view query, Parts& parts) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equal = pair.find('=');
    if (equal == std::string_view::npos || equal == 0)
      return bad(url, fmt::format("'{}' is no option", pair), "write option=value, joined by '&'");
    parts.options.emplace_back(TRY(decoded(pair.substr(0, equal))),
                               TRY(decoded(pair.substr(equal + 1))));
  }
  return {};
}

Result<Parts> split(std::string_view url) {
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos || colon == 0)
    return bad(url, "it has no driver in front", "write file:///backups/app or s3://bucket/path");
  Parts parts;
  parts.driver = url.substr(0, colon);
  std::string_view rest = url.substr(colon + 3);
  if (rest.find('#') != std::string_view::npos)
    return bad(url, "it has a '#'", "write %23 when it is part of a name");
  const std::size_t question = rest.find('?');
  if (question != std::string_view::npos) {
    TRY(split_options(url, rest.substr(question + 1), parts));
    rest = rest.substr(0, question);
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view host = rest.substr(0, slash);
  if (host.find('@') != std::string_view::npos)
    return make_error(Code::kUsage, "a replica url takes no user and password",
                      "give credentials in the environment: others can see a command line");
  parts.host = TRY(decoded(host));
  parts.path = TRY(decoded(rest.substr(slash)));
  return parts;
}

// The driver's option that the host part of a URL stands for; nullptr = none.
const OptionSpec* host_option(const std::vector<OptionSpec>& schema) {
  if (const OptionSpec* bucket = find_option(schema, "bucket")) return bucket;
  const auto first = std::find_if(schema.begin(), schema.end(), [](const OptionSpec& option) {
    return option.required && !option.secret && option.name != "path";
  });
  return first == schema.end() ? nullptr : &*first;
}

// Names and values of all options that the URL gives.
Result<std::vector<std::pair<std::string, std::string>>> named_options(
    std::string_view url, const Parts& parts, const std::vector<OptionSpec>& schema) {
  auto options = parts.options;
  const bool drivers_path = find_option(schema, "path") != nullptr;
  if (!parts.host.empty()) {
    const OptionSpec* option = host_option(schema);
    if (option == nullptr)
      return bad(
          url, fmt::format("driver '{}' takes no '{}' there", parts.driver, parts.host),
          fmt::format("write three slashes: {}:///{}{}", parts.driver, parts.host, parts.path));
    options.emplace_back(option->name, parts.host);
  }
  if (drivers_path ? !parts.path.empty() : parts.path.size() > 1)
    options.emplace_back("path", parts.path);
  return options;
}

Result<Settings> checked(std::string_view url,
                         const std::vector<std::pair<std::string, std::string>>& options,
                         const std::vector<OptionSpec>& known) {
  Settings settings;
  for (const auto& [name, value] : options) {
    const OptionSpec* option = find_option(known, name);
    if (option == nullptr) {
      std::vector<std::string> names;
      for (const OptionSpec& each : known) names.push_back(each.name);
      const std::string near = nearest(name, names);
      return bad(url, fmt::format("unknown option '{}'", name),
                 near.empty() ? fmt::format("known: {}", fmt::join(names, ", "))
                              : fmt::format("did you mean '{}'?", near));
    }
    if (settings.contains(name)) return bad(url, fmt::format("'{}' is given twice", name), "");
    auto setting = value_from_text(*option, value, kCommandLine);
    if (!setting) return std::move(setting.error()).with_context(name);
    settings[name] = std::move(*setting);
  }
  return settings;
}

Result<Replica> replica_at(std::string_view url, const Context& context,
                           const Placeholders& placeholders) {
  const Parts parts = TRY(split(url));
  Storage storage;
  storage.driver = parts.driver;
  storage.schema_known = true;
  if (!context.driver_options)
    return make_error(Code::kInternal, "a replica url needs the options of its driver");
  storage.schema = TRY(context.driver_options(parts.driver));
  std::vector<OptionSpec> known = storage.schema;
  for (const OptionSpec& option : options_at(Place::kReplica))
    if (option.name != "driver" && option.name != "storage" &&
        find_option(storage.schema, option.name) == nullptr)
      known.push_back(option);
  Problems found;
  storage.settings = TRY(checked(url, TRY(named_options(url, parts, storage.schema)), known));
  storage.origin = kCommandLine;
  Reading reading{context, found, {}};
  const Settings none;
  auto replica =
      make_replica(storage, storage.settings, {&none, &none}, placeholders, kCommandLine, reading);
  if (!found.all().empty()) return bad(url, found.all().front().message, found.all().front().hint);
  return std::move(*replica);
}

}  // namespace

Result<Replica> parse_replica_url(std::string_view url, const Context& context) {
  return replica_at(url, context, {"", "", context.host});
}

Result<Database> database_from_urls(const std::string& path, const std::vector<std::string>& urls,
                                    const Context& context) {
  Database database = TRY(plain_database(path, kCommandLine));
  for (const std::string& url : urls) {
    Replica replica = TRY(replica_at(url, context, placeholders_of(database, context.host)));
    const auto taken = [&](const std::string& name) {
      return std::any_of(database.replicas.begin(), database.replicas.end(),
                         [&](const Replica& other) { return other.name == name; });
    };
    const std::string name = replica.name;
    for (int number = 2; taken(replica.name); ++number)
      replica.name = fmt::format("{}-{}", name, number);
    database.replicas.push_back(std::move(replica));
  }
  if (database.replicas.empty())
    return make_error(Code::kUsage, "no replica url for " + path,
                      "write streamd DB file:///backups/app");
  Problems problems;
  Reading reading{context, problems, {}};
  check_duplicates({database}, reading);
  if (problems.has_errors()) return to_error(problems);
  return database;
}

}  // namespace streamd::config
