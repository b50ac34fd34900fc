// The command line of streamd.
#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "apps/declaration.h"
#include "apps/setup.h"

namespace streamd::apps {

struct StreamdOptions {
  SetupOptions setup;
  std::string database;           // positional; empty = those of the configuration
  std::vector<std::string> urls;  // its replicas
  bool once = false, check = false, restore_missing = false;
  std::string adopt;                     // empty, "local" or "replica"
  std::string exec;                      // as it was written
  std::vector<std::string> application;  // the words of it; empty = none
  std::optional<std::string> log_level, log_format, control, http;
};

void declare_streamd(const Command& app, StreamdOptions& options);
// The options, or the exit code when everything has been said: help, version, a mistake.
std::variant<StreamdOptions, int> parse_streamd_options(int argc, char** argv);

}  // namespace streamd::apps
