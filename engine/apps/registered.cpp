#include "apps/registered.h"

#include <vector>

#include "base/file.h"
#include "config/render.h"

namespace streamd::apps {
namespace {

constexpr const char* kHead =
    "# Written by `streamctl register` and `streamctl unregister`: edit other files in this "
    "folder.\n";
constexpr std::string_view kTable = "[[database]]\n";

// What stands before the first table, then each table with everything up to the next one.
std::vector<std::string> tables_of(const std::string& text) {
  std::vector<std::string> tables;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t next = text.find("\n[[database]]\n", at);
    next = next == std::string::npos ? text.size() : next + 1;
    tables.push_back(text.substr(at, next - at));
    at = next;
  }
  return tables;
}

}  // namespace

std::string registered_file(const std::string& configuration) {
  return join_path(join_path(folder_of(configuration), "conf.d"), "registered.toml");
}

std::string with_database(const std::string& text, const config::Database& database) {
  return (text.empty() ? kHead : text) + "\n" + config::render_written(database);
}

Result<std::string> without_database(const std::string& text, const config::Database& database) {
  const std::string path = "\npath = " + config::toml_text(database.path) + "\n";
  std::string rest;
  bool found = false;
  for (const std::string& table : tables_of(text)) {
    const bool meant = table.starts_with(kTable) && table.find(path) != std::string::npos;
    found = found || meant;
    if (!meant) rest += table;
  }
  if (found) return rest;
  return make_error(
      Code::kUsage, "database " + database.path + " was not registered",
      "it is in " + config::to_text(database.origin) + ": remove it there, and `streamctl reload`");
}

}  // namespace streamd::apps
