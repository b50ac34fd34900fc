#include "apps/manual/completion.h"

namespace streamd::apps {
namespace {

// In brackets of _arguments a description must not have brackets, colons or quotes of its own.
std::string plain(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\' || c == '\'')
      safe += c == '\'' ? "'\\'" : "\\";
    safe += c;
  }
  return safe;
}

std::string action(const OptionDescription& option) {
  std::string words;
  for (const std::string& choice : option.choices()) words += (words.empty() ? "" : " ") + choice;
  if (!words.empty()) return "(" + words + ")";
  if (option.takes_database()) return "_streamd_databases";
  return option.takes_file() ? "_files" : " ";
}

// '*--only=[help]:NAME:action' for each name: one that is given once is offered once.
std::string option_spec(const OptionDescription& option) {
  std::string text;
  for (const std::string& name : option.names) {
    const bool is_long = name.starts_with("--");
    text += "    '" + std::string(option.repeated ? "*" : "") + name +
            (option.value.empty() ? ""
             : is_long            ? "="
                                  : "+") +
            "[" + plain(option.help) + "]" +
            (option.value.empty() ? "" : ":" + plain(option.value) + ":" + action(option)) +
            "' \\\n";
  }
  return text;
}

std::string function_name(const CommandDescription& command) {
  std::string name = "_" + command.words;
  for (char& c : name)
    if (c == ' ' || c == '-') c = '_';
  return name;
}

std::string function_of(const CommandDescription& command) {
  std::string text = function_name(command) + "() {\n";
  if (!command.commands.empty()) text += "  local line state\n";
  text += std::string("  _arguments ") + (command.commands.empty() ? "" : "-C ") + "\\\n";
  for (const OptionDescription& option : command.options) text += option_spec(option);
  if (command.commands.empty()) {
    for (const OptionDescription& each : command.positionals)
      text += std::string("    '") +
              (each.repeated   ? "*:"
               : each.required ? ":"
                               : "::") +
              plain(each.value) + ":" + action(each) + "' \\\n";
    return text + "    && return\n}\n\n";
  }
  text +=
      "    '1:command:->command' '*::argument:->argument' && return\n  case $state in\n    "
      "command)\n";
  text += "      local -a commands=(\n";
  for (const CommandDescription& each : command.commands)
    text += "        '" + plain(each.name()) + ":" + plain(each.help) + "'\n";
  text += "      )\n      _describe command commands ;;\n    argument)\n      case $line[1] in\n";
  for (const CommandDescription& each : command.commands)
    text += "        " + each.name() + ") " + function_name(each) + " ;;\n";
  return text + "      esac ;;\n  esac\n}\n\n";
}

}  // namespace

std::string zsh_completion(const CommandDescription& program) {
  std::string text =
      "#compdef " + program.words + "\n\n" +
      "_streamd_databases() {\n"
      "  local -a names=(${${(f)\"$(streamctl databases 2>/dev/null)\"}[2,-1]%% *})\n"
      "  compadd -a names\n  _files\n}\n\n";
  for (const CommandDescription* command : flatten(program)) text += function_of(*command);
  return text + function_name(program) + " \"$@\"\n";
}

}  // namespace streamd::apps
