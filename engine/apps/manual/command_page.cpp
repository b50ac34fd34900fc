#include <algorithm>

#include "apps/manual/man_page.h"
#include "apps/manual/roff.h"
#include "daemon/exit_code.h"

namespace streamd::apps {
namespace {

std::string tag(const OptionDescription& option) {
  std::string text;
  for (const std::string& name : option.names) text += (text.empty() ? "" : ", ") + bold(name);
  return option.value.empty() ? text : text + " " + italic(option.value);
}

std::string meaning(const OptionDescription& option) {
  return option.help +
         (option.default_value.empty() ? "" : " (default: " + option.default_value + ")");
}

std::string options_of(const CommandDescription& command, const CommandDescription& program) {
  std::string own, shared;
  for (const OptionDescription& option : command.options) {
    const bool common =
        &command != &program &&
        std::any_of(program.options.begin(), program.options.end(),
                    [&](const auto& of_all) { return of_all.names.back() == option.names.back(); });
    if (common)
      shared += (shared.empty() ? "" : ", ") + option.names.back();
    else
      own += item(tag(option), meaning(option));
  }
  return own + (shared.empty() ? "" : paragraph("Also " + shared + "."));
}

std::string synopsis(const CommandDescription& command) {
  std::string text = bold(command.words);
  for (const OptionDescription& each : command.positionals) {
    std::string value = italic(each.value) + (each.repeated ? "..." : "");
    text += each.required ? " " + value : " [" + value + "]";
  }
  return text;
}

// The help's footer: "Example:" with indented lines below, other remarks at the margin.
std::string remarks(const std::string& footer) {
  const std::size_t begin = footer.find_first_not_of('\n');
  return begin == std::string::npos ? "" : verbatim(footer.substr(begin));
}

std::string commands_of(const CommandDescription& program) {
  std::string text;
  for (const CommandDescription* command : flatten(program)) {
    if (command == &program || !command->commands.empty()) continue;
    text += subheading(synopsis(*command)) + roff(command->help) + ".\n";
    for (const OptionDescription& each : command->positionals)
      text += item(italic(each.value), each.help);
    text += options_of(*command, program) + remarks(command->footer);
  }
  return text;
}

std::string exit_codes() {
  std::string text;
  for (const daemon::ExitMeaning& each : daemon::exit_meanings())
    text += item(bold(std::to_string(each.code)), each.meaning);
  return text;
}

std::string items(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string text;
  for (const auto& [name, help] : entries) text += item(bold(name), help);
  return text;
}

}  // namespace

std::string command_page(const CommandDescription& program, const ManText& text) {
  const std::string help = program.help.substr(program.help.find(": ") + 2);
  std::string page = title(program.words, text.section, help) + heading("SYNOPSIS");
  page += synopsis(program) + " [" + italic("OPTIONS") + "]" +
          (program.commands.empty() ? "" : " " + italic("COMMAND") + " ...") + "\n";
  page += heading("DESCRIPTION");
  for (const std::string& each : text.description) page += paragraph(each);
  page += heading("OPTIONS");
  for (const OptionDescription& each : program.positionals)
    page += item(italic(each.value), each.help);
  page += options_of(program, program);
  if (program.commands.empty())
    page += heading("EXAMPLES") + remarks(program.footer);
  else
    page += heading("COMMANDS") + commands_of(program);
  page += heading("EXIT STATUS") + exit_codes();
  page += heading("ENVIRONMENT") + items(text.environment);
  page += heading("FILES") + items(text.files);
  return page + heading("SEE ALSO") + roff(text.see_also) + "\n";
}

}  // namespace streamd::apps
