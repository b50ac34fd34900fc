// Reads the options file of streamd-driver-check.
#pragma once
#include <map>
#include <string>

namespace streamd::check {

// The keys at the top of a TOML file as text, without `driver`; a value "${NAME}" is taken
// from the environment. Throws Failure.
std::map<std::string, std::string> read_config(const std::string& path);

}  // namespace streamd::check
