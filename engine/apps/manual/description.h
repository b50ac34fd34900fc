// A command line as data, read from what the programs declare: man pages and completions
// are made from it.
#pragma once
#include <string>
#include <vector>

#include "apps/declaration.h"

namespace streamd::apps {

struct OptionDescription {
  std::vector<std::string> names;   // "-o", "--output"; of a positional one: its name
  std::string value;                // "FILE", "none|quick|full"; empty = a flag
  std::string default_value, help;  // empty default = none
  bool required = false, repeated = false;
  std::vector<std::string> choices() const;  // of a value like none|quick|full; else none
  // What a shell may offer for the value, beside choices().
  bool takes_file() const;
  bool takes_database() const;  // one that is configured
};

struct CommandDescription {
  std::string words;  // "streamctl drivers check": as it is typed
  std::string help;
  std::string footer;  // examples and remarks, as the help shows them
  std::vector<OptionDescription> options, positionals;
  std::vector<CommandDescription> commands;
  std::string name() const;  // the last of the words
};

// Hidden commands are left out.
CommandDescription describe(const Command& command);

// The command and all below it, each before those it holds.
std::vector<const CommandDescription*> flatten(const CommandDescription& command);

}  // namespace streamd::apps
