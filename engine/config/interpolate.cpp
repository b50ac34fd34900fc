#include "config/interpolate.h"

#include <algorithm>
#include <cstdlib>

#include "base/file.h"

namespace streamd::config {
namespace {

constexpr std::uint64_t kLargestValue = 64 * kKiB;

bool is_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

Error bad(const std::string& message, const std::string& hint) {
  return make_error(Code::kInvalidConfig, message, hint);
}

// `inside` is what stands between ${ and }.
Result<std::string> value_of(std::string_view inside, const Environment& environment) {
  const std::size_t split = inside.find(":-");
  const std::string name(inside.substr(0, split));
  if (!is_name(name))
    return bad("'${" + std::string(inside) + "}' names no environment variable",
               "write ${NAME} or ${NAME:-default}, and $$ for a dollar sign");
  const auto value = environment(name);
  if (split != std::string_view::npos && (!value || value->empty()))
    return std::string(inside.substr(split + 2));
  if (!value)
    return bad("environment variable " + name + " is not set",
               "set it, or give a default: ${" + name + ":-...}");
  return *value;
}

Result<std::string> content_of(const std::string& path) {
  const Bytes bytes = TRY(read_file(path, kLargestValue));
  std::string text(as_text(bytes));
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

Result<std::string> interpolate(std::string_view text, const Environment& environment) {
  std::string out;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    out += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      out += '$';
      text.remove_prefix(1);
    } else if (text.starts_with('{')) {
      const std::size_t end = text.find('}');
      if (end == std::string_view::npos)
        return bad("'${' without '}'", "write ${NAME}, and $$ for a dollar sign");
      out += TRY(value_of(text.substr(1, end - 1), environment));
      text.remove_prefix(end + 1);
    } else {
      return bad("a '$' that starts nothing", "write ${NAME}, and $$ for a dollar sign");
    }
  }
  return out;
}

Result<Resolved> resolve_value(std::string_view written, const Environment& environment) {
  constexpr std::string_view kFile = "file:", kCredential = "credential:";
  if (written.starts_with(kFile)) {
    const std::string path = TRY(interpolate(written.substr(kFile.size()), environment));
    if (!path.starts_with('/'))
      return bad("'file:" + path + "' is no absolute path", "write file:/run/secrets/name");
    return Resolved{TRY(content_of(path)), false};
  }
  if (written.starts_with(kCredential)) {
    const std::string name = TRY(interpolate(written.substr(kCredential.size()), environment));
    const auto folder = environment("CREDENTIALS_DIRECTORY");
    if (name.empty() || name.find('/') != std::string::npos)
      return bad("'credential:" + name + "' names no credential", "write credential:NAME");
    if (!folder)
      return bad("credential '" + name + "' cannot be read: CREDENTIALS_DIRECTORY is not set",
                 "start under systemd with LoadCredential=" + name + ":...");
    return Resolved{TRY(content_of(join_path(*folder, name))), false};
  }
  std::string text = TRY(interpolate(written, environment));
  const bool literal = written.find("${") == std::string_view::npos;
  return Resolved{std::move(text), literal};
}

}  // namespace streamd::config
