// A replica where nothing arrives although something is under way. Its driver waits: for the
// network until its own limit ends that, for a disk that hangs as long as the kernel does. Nobody
// can take its thread back, but it can be said.
#include <fmt/format.h>

#include "base/log.h"
#include "replicate/replica.h"

namespace streamd::replicate {
namespace {

constexpr std::chrono::seconds kSilence{10};

}  // namespace

// With the lock held.
std::optional<Error> Replica::silence() const {
  const auto since = clock_.mono() - moved_;
  if (!sending_ || since < kSilence) return std::nullopt;
  return make_error(
      Code::kTimeout,
      fmt::format("nothing has been finished on replica {} for {} s", settings_.name,
                  std::chrono::duration_cast<std::chrono::seconds>(since).count()),
      "a large object on a slow line takes its time; else its disk or its network may hang");
}

void Replica::tell_silence() {
  const std::lock_guard lock(mutex_);
  const auto silent = silence();
  if (silent && !silence_told_ && !status_.error)
    log_error_event(LogLevel::kWarn, "replica is silent", *silent,
                    {{"database", host_.database_path()}, {"replica", settings_.name}});
  silence_told_ = silent.has_value();
}

}  // namespace streamd::replicate
