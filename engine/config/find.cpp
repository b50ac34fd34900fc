#include "config/find.h"

#include <algorithm>
#include <optional>

#include "base/file.h"

namespace streamd::config {
namespace {

using Databases = std::vector<const Database*>;

bool is_file(const std::string& path) {
  const auto there = stat_path(path);
  return there && *there && S_ISREG((*there)->st_mode);
}

const Database* find_path(const Databases& databases, const std::string& word, bool resolve) {
  const auto real = resolve ? canonical_path(word) : Result<std::string>(word);
  const auto found = std::find_if(databases.begin(), databases.end(), [&](const Database* each) {
    return each->path == word || (real && each->real_path == *real);
  });
  return found == databases.end() ? nullptr : *found;
}

Result<const Database*> find_name(const Databases& databases, const std::string& name) {
  const Database* found = nullptr;
  std::string paths;
  std::size_t count = 0;
  for (const Database* each : databases) {
    if (each->name != name) continue;
    found = each;
    paths += (count++ == 0 ? "" : ", ") + each->path;
  }
  if (count > 1)
    return make_error(Code::kUsage, "several databases have the name " + name + ": " + paths,
                      "say which one by its path, or give one another name = \"...\"");
  return found;
}

}  // namespace

Result<const Database*> find_database(const Config& config, const std::string& word) {
  Databases databases;
  for (const Database& each : config.databases) databases.push_back(&each);
  const Database* found = find_path(databases, word, true);
  if (found != nullptr || is_file(word)) return found;
  return find_name(databases, word);
}

Result<const Database*> find_among(const Databases& databases, const std::string& word) {
  const Database* found = find_path(databases, word, word.starts_with('/'));
  if (found != nullptr) return found;
  return find_name(databases, word);
}

std::string said_elsewhere(const std::string& word) {
  const bool is_path = word.find('/') != std::string::npos || is_file(word);
  return is_path ? canonical_path(word).value_or(word) : word;
}

}  // namespace streamd::config
