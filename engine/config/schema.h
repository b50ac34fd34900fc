// Every option of the engine as data: one table for checking, suggestions, documents and
// `config show`. Drivers bring theirs in the same shape.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace streamd::config {

enum class OptionType : std::uint8_t {
  kString,
  kInt,
  kBool,
  kSize,      // 64MiB
  kDuration,  // 1h30m
  kPath,      // absolute
  kEnum,
  kStrings,  // a list
  kPaths,    // a list of absolute paths
  kKeep,     // a table: { all = "7d", daily = 14 }
};
const char* type_name(OptionType type);

// Where an option may be written; values are or-ed.
enum Place : std::uint32_t {
  kStreamd = 1,   // [streamd]
  kLog = 2,       // [log]
  kDefaults = 4,  // [defaults]
  kDatabase = 8,  // [[database]]
  kStorage = 16,  // [storage.NAME]
  kReplica = 32,  // [[database.replica]] and the tables in `replicas`
};
std::string places_text(std::uint32_t places);  // "defaults, database, replica"

struct OptionSpec {
  std::string name;
  OptionType type = OptionType::kString;
  std::string default_value;  // as it would be written; empty = none
  std::string help;           // one line
  bool required = false;
  bool secret = false;
  std::vector<std::string> values;  // of a kEnum
  std::uint32_t places = 0;         // of Place; not used for a driver's options
};

std::span<const OptionSpec> engine_options();
// The option of this name that may be written at one of the places; nullptr when there is none.
const OptionSpec* find_option(std::span<const OptionSpec> options, std::string_view name,
                              std::uint32_t places = UINT32_MAX);

// The options of a driver by its name, or why it cannot be used. The caller asks the loaded driver;
// this folder knows none.
using DriverOptions = std::function<Result<std::vector<OptionSpec>>(const std::string& driver)>;
// From the words of the driver ABI (string int bool size duration path); unknown ones are strings.
OptionType driver_option_type(std::string_view type);

}  // namespace streamd::config
