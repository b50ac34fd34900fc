#include "options.h"

#include <charconv>
#include <filesystem>

#include "verdict.h"

namespace streamd::check {
namespace {

using Units = std::map<std::string, std::int64_t>;
const Units kSizes = {{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
const Units kDurations = {
    {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};

// A whole number and its unit as a number of the smallest unit.
std::string with_unit(const std::string& name, const std::string& value, const Units& units) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  const auto unit = units.find(std::string(end, value.data() + value.size()));
  std::int64_t total = 0;
  if (error != std::errc() || unit == units.end() ||
      __builtin_mul_overflow(number, unit->second, &total))
    throw Failure("option " + name + ": '" + value + "' is not a whole number with a unit");
  return std::to_string(total);
}

std::string spelt(const std::string& name, const std::string& type, const std::string& value) {
  if (type == "size") return with_unit(name, value, kSizes);
  if (type == "duration") return with_unit(name, value, kDurations);
  if (type == "int") return with_unit(name, value, {{"", 1}});
  if (type == "path") return std::filesystem::absolute(value).lexically_normal().string();
  if (type == "bool" && value != "true" && value != "false")
    throw Failure("option " + name + ": '" + value + "' is neither true nor false");
  return value;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> checked_options(
    const streamd_driver& driver, const std::map<std::string, std::string>& given) {
  std::vector<std::pair<std::string, std::string>> options;
  std::map<std::string, std::string> unknown = given;
  for (const streamd_option* option = driver.options; option->name != nullptr; ++option) {
    const auto value = given.find(option->name);
    unknown.erase(option->name);
    if (value != given.end())
      options.emplace_back(option->name, spelt(option->name, option->type, value->second));
    else if ((option->flags & STREAMD_OPTION_REQUIRED) != 0)
      throw Failure(std::string("option ") + option->name + " is missing: " + option->help);
    else if (option->def != nullptr)
      options.emplace_back(option->name, spelt(option->name, option->type, option->def));
  }
  if (!unknown.empty())
    throw Failure(std::string("driver ") + driver.name + " has no option " +
                  unknown.begin()->first);
  return options;
}

}  // namespace streamd::check
