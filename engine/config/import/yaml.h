// A YAML file as the same tree that TOML files become (config/document.h); every scalar is a
// string. yaml-cpp stays behind yaml.cpp.
#pragma once
#include <string>
#include <string_view>

#include "config/document.h"

namespace streamd::config {

// kInvalidConfig with "file:line: what the parser says"; also for files that are implausibly deep
// or large once their aliases are followed.
Result<Node> parse_yaml(std::string_view text, const std::string& file);

}  // namespace streamd::config
