#include "apps/manual/description.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cctype>

namespace streamd::apps {
namespace {

OptionDescription describe(const CLI::Option& option) {
  OptionDescription found;
  if (option.get_positional()) {
    found.names.push_back(option.get_name(true));
  } else {
    for (const std::string& name : option.get_snames()) found.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) found.names.push_back("--" + name);
  }
  // A validator adds its own words behind a colon.
  if (option.get_expected_max() > 0)
    found.value = option.get_type_name().substr(0, option.get_type_name().find(':'));
  found.default_value = option.get_default_str();
  found.help = option.get_description();
  found.required = option.get_required();
  found.repeated = option.get_items_expected_max() > 1;
  return found;
}

CommandDescription describe(const CLI::App& app, const std::string& before) {
  CommandDescription found;
  found.words = before.empty() ? app.get_name() : before + " " + app.get_name();
  found.help = app.get_description();
  found.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options())
    (option->get_positional() ? found.positionals : found.options).push_back(describe(*option));
  for (const CLI::App* command : app.get_subcommands({}))
    if (!command->get_group().empty()) found.commands.push_back(describe(*command, found.words));
  return found;
}

void flatten_into(const CommandDescription& command, std::vector<const CommandDescription*>& all) {
  all.push_back(&command);
  for (const CommandDescription& each : command.commands) flatten_into(each, all);
}

}  // namespace

// Words in lower case with bars between them are meant as they are; DB|URL are two kinds.
std::vector<std::string> OptionDescription::choices() const {
  const auto fixed = [](char c) { return std::islower(static_cast<unsigned char>(c)) || c == '|'; };
  if (value.find('|') == std::string::npos || !std::all_of(value.begin(), value.end(), fixed))
    return {};
  std::vector<std::string> words{""};
  for (const char c : value) {
    if (c == '|')
      words.emplace_back();
    else
      words.back() += c;
  }
  return words;
}

bool OptionDescription::takes_file() const {
  constexpr std::array kFiles{"FILE", "DIR", "PATH", "OUT", "DB", "OPTIONS.toml", "NAME|PATH.so"};
  return takes_database() || std::find(kFiles.begin(), kFiles.end(), value) != kFiles.end();
}

bool OptionDescription::takes_database() const {
  return value == "DB" || value == "DB|URL";
}

std::string CommandDescription::name() const {
  return words.substr(words.rfind(' ') + 1);
}

CommandDescription describe(const Command& command) {
  return describe(command.app(), "");
}

std::vector<const CommandDescription*> flatten(const CommandDescription& command) {
  std::vector<const CommandDescription*> all;
  flatten_into(command, all);
  return all;
}

}  // namespace streamd::apps
