#include "apps/manual/completion.h"
#include "apps/manual/filled_in.h"

namespace streamd::apps {
namespace {

// True when the words before the cursor lead to just this command.
constexpr const char* kReached = R"fish(function __PROGRAM_reached
  set -l reached PROGRAM
  for word in (commandline -opc)[2..-1]
    contains -- "$reached $word" COMMANDS; and set reached "$reached $word"
  end
  test "$reached" = "$argv[1]"
end

function __PROGRAM_databases
  streamctl databases 2>/dev/null | tail -n +2 | string replace -r ' .*' ''
end

complete -c PROGRAM -f
)fish";

std::string in_quotes(const std::string& text) {
  std::string safe = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') safe += '\\';
    safe += c;
  }
  return safe + "'";
}

std::string offered(const OptionDescription& option) {
  if (option.takes_database()) return " -F -a '(__PROGRAM_databases)'";
  if (option.takes_file()) return " -F";
  std::string words;
  for (const std::string& choice : option.choices()) words += (words.empty() ? "" : " ") + choice;
  return words.empty() ? "" : " -a " + in_quotes(words);
}

std::string lines_of(const CommandDescription& command) {
  const std::string begin =
      "complete -c PROGRAM -n " + in_quotes("__PROGRAM_reached '" + command.words + "'");
  std::string text;
  for (const CommandDescription& each : command.commands)
    text += begin + " -a " + each.name() + " -d " + in_quotes(each.help) + "\n";
  for (const OptionDescription& each : command.positionals)
    if (const std::string value = offered(each); !value.empty()) text += begin + value + "\n";
  for (const OptionDescription& option : command.options) {
    text += begin;
    for (const std::string& name : option.names)
      text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    text += (option.value.empty() ? "" : (option.takes_file() ? " -r" : " -x") + offered(option)) +
            " -d " + in_quotes(option.help) + "\n";
  }
  return text;
}

}  // namespace

std::string fish_completion(const CommandDescription& program) {
  std::string commands, lines;
  for (const CommandDescription* command : flatten(program)) {
    commands += (commands.empty() ? "" : " ") + in_quotes(command->words);
    lines += lines_of(*command);
  }
  return filled_in(filled_in(kReached, "COMMANDS", commands) + lines, "PROGRAM", program.words);
}

}  // namespace streamd::apps
