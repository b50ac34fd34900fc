#include "config.h"

#include <toml++/toml.h>
#include <cstdlib>
#include <sstream>

#include "verdict.h"

namespace streamd::check {
namespace {

std::string from_environment(const std::string& value) {
  if (!value.starts_with("${") || !value.ends_with('}')) return value;
  const std::string name = value.substr(2, value.size() - 3);
  const char* found = std::getenv(name.c_str());
  if (found == nullptr) throw Failure("the environment has no " + name);
  return found;
}

std::string text_of(const std::string& key, const toml::node& node) {
  if (const auto* text = node.as_string()) return from_environment(text->get());
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  throw Failure("option " + key + " is neither a string, nor a whole number, nor true or false");
}

}  // namespace

std::map<std::string, std::string> read_config(const std::string& path) {
  std::map<std::string, std::string> values;
  try {
    for (const auto& [key, node] : toml::parse_file(path)) {
      const std::string name(key.str());
      if (name != "driver") values[name] = text_of(name, node);
    }
  } catch (const toml::parse_error& error) {
    throw Failure("cannot read " + path + ", line " + std::to_string(error.source().begin.line) +
                  ": " + std::string(error.description()));
  }
  return values;
}

}  // namespace streamd::check
