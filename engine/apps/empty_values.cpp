#include "apps/empty_values.h"

namespace streamd::apps {

void refuse_empty_values(CLI::App& command, const std::set<std::string>& except) {
  const auto check = [](const std::string& value) {
    return value.empty() ? std::string("the value is empty (a variable that is not set?)")
                         : std::string();
  };
  for (CLI::Option* option : command.get_options())
    if (option->get_items_expected_max() > 0 && !except.contains(option->get_name()))
      option->check(check);
  for (CLI::App* each : command.get_subcommands({})) refuse_empty_values(*each, except);
}

}  // namespace streamd::apps
