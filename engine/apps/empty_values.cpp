#include "apps/empty_values.h"

#include <CLI/CLI.hpp>

namespace streamd::apps {

void refuse_empty_values(const Command& command, const std::set<std::string>& except) {
  const auto check = [](const std::string& value) {
    return value.empty() ? std::string("the value is empty (a variable that is not set?)")
                         : std::string();
  };
  CLI::App& app = command.app();
  for (CLI::Option* option : app.get_options())
    if (option->get_items_expected_max() > 0 && !except.contains(option->get_name()))
      option->check(check);
  for (CLI::App* each : app.get_subcommands({})) refuse_empty_values(Command(*each), except);
}

}  // namespace streamd::apps
