// Man pages in roff, from the tables of the code. Pure.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "apps/manual/description.h"

namespace streamd::apps {

struct ManText {
  int section = 1;
  std::vector<std::string> description;  // paragraphs
  std::vector<std::pair<std::string, std::string>> environment, files;
  std::string see_also;  // "streamctl(1), streamd.toml(5)"
};

// streamctl(1), streamd(8): options, commands, exit codes.
std::string command_page(const CommandDescription& program, const ManText& text);

// streamd.toml(5): every option of the engine.
std::string configuration_page();

}  // namespace streamd::apps
