#include "config/difference.h"

#include <algorithm>
#include <tuple>

namespace streamd::config {
namespace {

bool same_value(const Setting& left, const Setting& right) {
  return left.text == right.text && left.items == right.items;
}

bool same_replica(const Replica& left, const Replica& right) {
  return std::tie(left.name, left.driver, left.options, left.prefix) ==
             std::tie(right.name, right.driver, right.options, right.prefix) &&
         changed_options(left.settings, right.settings).empty();
}

// Who is told how it goes: the daemon's observer takes it without a restart of the database.
bool concerns_the_database(const std::string& option) {
  return option != "heartbeat-url" && option != "heartbeat-interval";
}

}  // namespace

std::vector<std::string> changed_options(const Settings& before, const Settings& after) {
  std::vector<std::string> changed;
  for (const auto& [name, setting] : before) {
    const auto now = after.find(name);
    if (now == after.end() || !same_value(setting, now->second)) changed.push_back(name);
  }
  for (const auto& [name, setting] : after)
    if (!before.contains(name)) changed.push_back(name);
  return changed;
}

bool same_settings(const Database& left, const Database& right) {
  const auto changed = changed_options(left.settings, right.settings);
  return std::tie(left.path, left.real_path, left.name) ==
             std::tie(right.path, right.real_path, right.name) &&
         std::none_of(changed.begin(), changed.end(), concerns_the_database) &&
         std::equal(left.replicas.begin(), left.replicas.end(), right.replicas.begin(),
                    right.replicas.end(), same_replica);
}

}  // namespace streamd::config
