#include "storage/retry.h"

#include <algorithm>

namespace streamd::storage {

RetryRule retry_rule(Code code) {
  switch (code) {
    case Code::kThrottled:
      return {true, false};  // refused before any effect
    case Code::kTransient:
    case Code::kTimeout:
      return {true, true};
    case Code::kNotFound:
    case Code::kExists:
    case Code::kAuth:  // a driver refreshes a token itself, once
    case Code::kPermission:
    case Code::kCancelled:
    case Code::kInvalidConfig:
    case Code::kCorrupt:
    case Code::kUnsupported:
    case Code::kInternal:
    default:  // the engine's own codes: never a store's, so a callback of ours raised it
      return {};
  }
}

milliseconds retry_delay(const RetryPolicy& policy, int attempt, std::uint64_t random,
                         milliseconds retry_after) {
  milliseconds bound = std::min(policy.first, policy.longest);
  for (int i = 1; i < attempt && bound < policy.longest; ++i)
    bound = std::min(bound * 2, policy.longest);
  const auto range = static_cast<std::uint64_t>(std::max<std::int64_t>(bound.count(), 0)) + 1;
  const milliseconds jitter(static_cast<std::int64_t>(random % range));
  return std::max(jitter, std::min(retry_after, policy.longest));
}

}  // namespace streamd::storage
