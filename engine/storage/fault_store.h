// A store that fails on purpose, for staging and tests: `fault = "put:transient:10%"`.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "storage/observe_store.h"
#include "storage/store.h"

namespace streamd::storage {

struct FaultRule {
  std::optional<Operation> operation;  // nullopt = any
  Code code = Code::kTransient;
  std::uint32_t per_million = 0;  // of the operations
  bool after = false;             // the operation takes effect first: its outcome is unknown
};

// "OPERATION:CODE:PERCENT%[:after]", several separated by commas. OPERATION: probe put get stat
// list remove any. CODE: not_found exists auth permission throttled transient timeout corrupt
// internal.
Result<std::vector<FaultRule>> parse_faults(std::string_view text);

// The same seed and the same order of operations give the same failures.
std::shared_ptr<Store> with_faults(std::shared_ptr<Store> inner, std::vector<FaultRule> rules,
                                   std::uint64_t seed);

}  // namespace streamd::storage
