#include "target.h"

#include <initializer_list>

namespace streamd::fuzz {

std::span<const Target> all_targets() {
  static const std::vector<Target> kAll = [] {
    std::vector<Target> all;
    for (const auto table :
         {object_targets(), replica_targets(), log_targets(), state_targets(), catalog_targets(),
          config_targets(), store_targets(), http_targets(), litestream_targets()})
      all.insert(all.end(), table.begin(), table.end());
    return all;
  }();
  return kAll;
}

const Target* find_target(std::string_view name) {
  for (const Target& target : all_targets())
    if (target.name == name) return &target;
  return nullptr;
}

}  // namespace streamd::fuzz
