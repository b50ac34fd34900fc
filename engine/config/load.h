// Reads a configuration: the file, then conf.d/*.toml beside it in the order of their names.
#pragma once
#include <string>
#include <vector>

#include "config/model.h"
#include "config/section.h"

namespace streamd::config {

struct SourceText {
  std::string file;  // for messages
  std::string text;
};

struct Loaded {
  Config config;                    // to be used only without errors
  Problems problems;                // all of them
  std::vector<SourceText> sources;  // what was read
};

// Never fails otherwise: a file that is not there is a problem too.
Loaded load(const std::string& path, const Context& context);
// The same from text. Later files win in [streamd], [log] and [defaults]; databases and storages
// add up.
Loaded load_sources(const std::vector<SourceText>& sources, const Context& context);
// load, with its errors in one; for who only wants to start.
Result<Config> load_or_error(const std::string& path, const Context& context);

// No databases, and the defaults of everything else: a run without a configuration file.
Config default_config();

}  // namespace streamd::config
