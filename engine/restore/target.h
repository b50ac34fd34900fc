// The moment that is wanted.
#pragma once
#include <optional>
#include <variant>

#include "base/clock.h"
#include "catalog/ids.h"

namespace streamd::restore {

struct Latest {
  bool operator==(const Latest&) const = default;
};
struct ByTxid {
  Txid txid{};
  bool operator==(const ByTxid&) const = default;
};
// The highest transaction of the newest generation that was seen at or before `time`.
struct ByTime {
  Micros time = 0;
  bool operator==(const ByTime&) const = default;
};

struct Target {
  std::variant<Latest, ByTxid, ByTime> moment{};
  std::optional<GenerationId> generation{};  // only this one
  bool nearest = false;                      // inside a hole: the edge before it
};

}  // namespace streamd::restore
