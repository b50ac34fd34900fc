#include <fmt/ranges.h>

#include "apps/manual/completion.h"
#include "apps/manual/filled_in.h"

namespace streamd::apps {
namespace {

// PROGRAM stands for the program's name, REACHED for the patterns of its commands. The first column
// of `streamctl databases` is what may stand for DB.
constexpr const char* kBegin = R"sh(_PROGRAM_databases() {
  streamctl databases 2>/dev/null | tail -n +2 | while read -r name _; do echo "$name"; done
}

_PROGRAM() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command=PROGRAM words= options= i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$command ${COMP_WORDS[i]}" in
      REACHED) command+=" ${COMP_WORDS[i]}" ;;
    esac
  done
  case "$command $previous" in
)sh";
constexpr const char* kMiddle = R"sh(    *)
      case $command in
)sh";
constexpr const char* kEnd = R"sh(      esac
      [[ $current == -* ]] && words=$options ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _PROGRAM PROGRAM
)sh";

// Words for a value; where none of them fits, the shell goes on with files.
std::string words_of(const OptionDescription& option) {
  if (option.takes_database()) return "$(_PROGRAM_databases)";
  return fmt::format("{}", fmt::join(option.choices(), " "));
}

std::string after_options(const CommandDescription& command) {
  std::string text;
  for (const OptionDescription& option : command.options) {
    if (option.value.empty()) continue;
    std::string patterns;
    for (const std::string& name : option.names)
      patterns += (patterns.empty() ? "'" : " | '") + command.words + " " + name + "'";
    text += "    " + patterns + ") words=\"" + words_of(option) + "\" ;;\n";
  }
  return text;
}

std::string in_command(const CommandDescription& command) {
  std::string words, options;
  const auto add = [](std::string& list, const std::string& word) {
    if (!word.empty()) list += (list.empty() ? "" : " ") + word;
  };
  for (const CommandDescription& each : command.commands) add(words, each.name());
  for (const OptionDescription& each : command.positionals) add(words, words_of(each));
  for (const OptionDescription& each : command.options) add(options, each.names.back());
  return "        '" + command.words + "') words=\"" + words + "\" options='" + options + "' ;;\n";
}

}  // namespace

std::string bash_completion(const CommandDescription& program) {
  std::string reached, options, commands;
  for (const CommandDescription* command : flatten(program)) {
    reached += (reached.empty() ? "'" : " | '") + command->words + "'";
    options += after_options(*command);
    commands += in_command(*command);
  }
  return filled_in(filled_in(kBegin, "REACHED", reached) + options + kMiddle + commands + kEnd,
                   "PROGRAM", program.words);
}

}  // namespace streamd::apps
