// What people write: the configuration, URLs, times and sizes; and a configuration of Litestream's.
#include "apps/time_argument.h"
#include "config/database.h"
#include "config/http_address.h"
#include "config/import/litestream.h"
#include "config/interpolate.h"
#include "config/load.h"
#include "config/place.h"
#include "config/render.h"
#include "config/replica_url.h"
#include "config/value.h"
#include "target.h"

namespace streamd::fuzz {
namespace {

using namespace config;

Result<std::vector<OptionSpec>> options_of(const std::string& driver) {
  const auto option = [](const char* name, OptionType type, bool required, bool secret) {
    return OptionSpec{name, type, "", "", required, secret, {}, 0};
  };
  if (driver == "file") return std::vector{option("path", OptionType::kPath, true, false)};
  if (driver == "s3")
    return std::vector{option("bucket", OptionType::kString, true, false),
                       option("secret-access-key", OptionType::kString, false, true),
                       option("part-size", OptionType::kSize, false, false),
                       option("patience", OptionType::kDuration, false, false)};
  return make_error(Code::kNotFound, "driver '" + driver + "' not found");
}

// Nothing of this machine: two variables, no watched folder has files.
Context context() {
  const Environment environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "HOME") return "/home/u";
    if (name == "EMPTY") return "";
    return std::nullopt;
  };
  return {options_of, environment, "box"};
}

// A path of the file would be read: those that could be long or never end are left out.
bool reads_a_file(std::string_view text) {
  return text.find("file:") != std::string_view::npos ||
         text.find("credential:") != std::string_view::npos;
}

void toml(ByteView bytes) {
  if (reads_a_file(as_text(bytes))) return;
  const auto loaded = load_sources({{"t.toml", std::string(as_text(bytes))}}, context());
  static_cast<void>(check_report(loaded.problems));
  if (loaded.problems.has_errors()) {
    static_cast<void>(to_error(loaded.problems));
    return;
  }
  for (const Database& database : loaded.config.databases)
    require(!database.path.empty(), "a database that may be used has a path");
}

void interpolation(ByteView bytes) {
  static_cast<void>(interpolate(as_text(bytes), context().environment).has_value());
  if (!reads_a_file(as_text(bytes)))
    static_cast<void>(resolve_value(as_text(bytes), context().environment).has_value());
  static_cast<void>(
      expand_placeholders(as_text(bytes), {"name", "rel/path", "box", true}).has_value());
  if (const auto prefix = checked_prefix(as_text(bytes)))
    require(("/" + *prefix + "/").find("/../") == std::string::npos, "a prefix never climbs");
}

void replica_url(ByteView bytes) {
  if (!reads_a_file(as_text(bytes)))
    static_cast<void>(parse_replica_url(as_text(bytes), context()).has_value());
  if (const auto address = parse_http_address(std::string(as_text(bytes)))) {
    const auto again = parse_http_address(to_text(*address));
    require(again && *again == *address, "an address is read as it was written");
  }
}

void values(ByteView bytes) {
  const std::string_view text = as_text(bytes);
  if (const auto duration = parse_duration(text)) {
    const auto again = parse_duration(format_duration(*duration));
    require(again && *again == *duration, "a duration is read as it was written");
  }
  static_cast<void>(parse_size(text).has_value());
  static_cast<void>(parse_int(text).has_value());
  static_cast<void>(parse_bool(text).has_value());
  if (const auto mode = parse_mode(text)) require(*mode <= 0777, "a mode has nine bits");
  static_cast<void>(apps::parse_time_argument(text, 1'700'000'000'000'000).has_value());
  Micros time = 0;
  if (parse_time(text, time)) static_cast<void>(format_time(time));
  if (parse_time_compact(text, time))
    require(format_time_compact(time) == text, "a time in a name has one spelling");
}

void litestream_yaml(ByteView bytes) {
  const auto imported = import_litestream(as_text(bytes), "litestream.yml");
  if (!imported || reads_a_file(imported->toml)) return;
  const auto parsed = parse_toml(imported->toml, "t.toml");
  require(parsed.has_value(), "what is imported is TOML");
}

constexpr Target kTargets[] = {{"toml", toml},
                               {"interpolation", interpolation},
                               {"replica-url", replica_url},
                               {"values", values},
                               {"litestream-yaml", litestream_yaml}};

}  // namespace

std::span<const Target> config_targets() {
  return kTargets;
}

}  // namespace streamd::fuzz
