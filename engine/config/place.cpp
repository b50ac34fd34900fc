#include "config/place.h"

#include <array>
#include <filesystem>
#include <utility>
#include <vector>

#include "config/nearest.h"

namespace streamd::config {
namespace {

Error bad(std::string message, std::string hint) {
  return make_error(Code::kInvalidConfig, std::move(message), std::move(hint));
}

}  // namespace

Result<std::string> expand_placeholders(std::string_view text, const Placeholders& values) {
  const std::array<std::pair<std::string, const std::string*>, 3> known{
      {{"name", &values.name}, {"relpath", &values.relpath}, {"host", &values.host}}};
  std::string out;
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    out += text.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = text.find('}', open);
    if (close == std::string_view::npos)
      return bad("'{' without '}'", "placeholders are {name}, {relpath}, {host}");
    const std::string name(text.substr(open + 1, close - open - 1));
    const std::string* value = nullptr;
    for (const auto& [placeholder, its_value] : known)
      if (placeholder == name) value = its_value;
    if (value == nullptr) {
      const std::vector<std::string> names{"name", "relpath", "host"};
      const std::string near = nearest(name, names);
      return bad("unknown placeholder {" + name + "}",
                 near.empty() ? "placeholders are {name}, {relpath}, {host}"
                              : "did you mean {" + near + "}?");
    }
    out += *value;
    text.remove_prefix(close + 1);
  }
  return out;
}

Result<std::string> checked_prefix(std::string_view text) {
  while (text.starts_with('/')) text.remove_prefix(1);
  while (text.ends_with('/')) text.remove_suffix(1);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('/', at), text.size());
    const std::string_view part = text.substr(at, end - at);
    if (part.empty() || part == "." || part == "..")
      return bad("path '" + std::string(text) + "' has the part '" + std::string(part) + "'",
                 "write it without '//', '.' and '..'");
    at = end + 1;
  }
  return std::string(text);
}

std::string join_prefix(const std::string& above, const std::string& below) {
  return above.empty() || below.empty() ? above + below : above + "/" + below;
}

std::string place_identity(const std::string& driver,
                           const std::map<std::string, std::string>& options,
                           const std::string& prefix, std::span<const OptionSpec> schema) {
  std::string identity = driver;
  std::string path = prefix;
  for (const auto& [name, value] : options) {
    const OptionSpec* option = find_option(schema, name);
    if (option != nullptr && option->secret) continue;
    if (name == "path" && option != nullptr)
      path = std::filesystem::path(join_prefix(value, prefix)).lexically_normal().string();
    else
      identity += '\n' + name + '=' + value;
  }
  while (path.ends_with('/')) path.pop_back();
  return identity + '\n' + path;
}

}  // namespace streamd::config
