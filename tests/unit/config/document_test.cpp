// The reference and the installed example say what the schema says.
#include <boost/test/unit_test.hpp>
#include <set>
#include <sstream>

#include "base/file.h"
#include "sample.h"

using namespace streamd;
using namespace streamd::config;

namespace {

std::string text_of_file(const std::string& name) {
  const auto bytes = read_file(std::string(STREAMD_SOURCE) + "/" + name);
  BOOST_REQUIRE_MESSAGE(bytes.has_value(), name);
  return std::string(as_text(*bytes));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string row(const OptionSpec& option) {
  std::string type = type_name(option.type);
  if (option.type == OptionType::kEnum) {
    type = "";
    for (const std::string& value : option.values) type += (type.empty() ? "" : " ") + value;
  }
  const std::string by_default =
      option.default_value.empty() ? "" : "`" + option.default_value + "`";
  return "| `" + option.name + "` | " + type + " | " + by_default + " | " +
         places_text(option.places) + " | " + option.help + " |";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(documents)

BOOST_AUTO_TEST_CASE(the_reference_has_every_option_and_no_other) {
  std::set<std::string> expected, found;
  for (const OptionSpec& option : engine_options()) expected.insert(row(option));
  bool in_options = false;
  for (const std::string& line : lines_of(text_of_file("docs/configuration.md"))) {
    if (line.starts_with("## ")) in_options = line == "## Options";
    if (in_options && line.starts_with("| `")) found.insert(line);
  }
  for (const std::string& line : expected)
    BOOST_TEST(found.contains(line), "docs/configuration.md lacks: " << line);
  for (const std::string& line : found)
    BOOST_TEST(expected.contains(line), "docs/configuration.md has too much: " << line);
}

BOOST_AUTO_TEST_CASE(names_are_unique_at_each_place) {
  for (const Place place : {kStreamd, kLog, kDefaults, kDatabase, kStorage, kReplica}) {
    std::set<std::string> names;
    for (const OptionSpec& option : engine_options())
      if ((option.places & place) != 0) BOOST_TEST(names.insert(option.name).second, option.name);
  }
}

BOOST_AUTO_TEST_CASE(the_installed_example) {
  const std::string text = text_of_file("conf/streamd.toml");
  const Sample sample;
  const std::string as_installed = sample.report(text);
  BOOST_TEST(contains(as_installed, "no database is configured"));
  BOOST_TEST(lines_of(as_installed).size() == 2u);  // nothing else
  std::string used;  // its examples, as a person would uncomment them
  for (const std::string& line : lines_of(text))
    used += (line.size() > 1 && line[0] == '#' && line[1] != ' ' ? line.substr(1) : line) + "\n";
  Sample with_keys;
  with_keys.environment = {{"LITESTREAM_ACCESS_KEY_ID", "a"},
                           {"LITESTREAM_SECRET_ACCESS_KEY", "b"}};
  const Config config = with_keys.good(used);
  BOOST_REQUIRE(config.databases.size() == 2u);
  BOOST_TEST(config.databases[0].replicas[0].options.at("path") == "/backups/app");
  BOOST_TEST(config.databases[1].replicas[0].options.at("secret-access-key") == "b");
  BOOST_TEST(config.databases[1].restore_missing);
}

BOOST_AUTO_TEST_SUITE_END()
