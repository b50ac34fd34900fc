#include "daemon/wait.h"

#include <algorithm>

namespace streamd::daemon {
namespace {

constexpr milliseconds kSlice{1000};

bool waiting_helps(Code code) {
  return code != Code::kCancelled && code != Code::kUsage && code != Code::kDiverged &&
         code != Code::kFenced && code != Code::kNotWal;
}

// attempt(deadline) again and again, a slice of time each.
template <class Attempt>
auto in_slices(const WaitLimits& limits, const Clock& clock, Attempt attempt) {
  for (;;) {
    auto done = attempt(std::min(limits.deadline, clock.mono() + kSlice));
    if (done || !waiting_helps(done.error().code) || clock.mono() >= limits.deadline) return done;
    if (limits.given_up && limits.given_up()) return done;
  }
}

// Changes whenever anything is captured or acknowledged.
std::uint64_t progress_of(const replicate::DatabaseStatus& status) {
  std::uint64_t sum = status.captured.value + status.durable.value;
  for (const auto& replica : status.replicas)
    sum += replica.acknowledged.value + replica.objects_sent + replica.bytes_sent;
  return sum;
}

bool failing(const replicate::DatabaseStatus& status) {
  return status.error || std::any_of(status.replicas.begin(), status.replicas.end(),
                                     [](const auto& replica) { return replica.error.has_value(); });
}

}  // namespace

Result<Txid> sync_within(replicate::Pipeline& pipeline, const WaitLimits& limits,
                         const Cancel& cancel, const Clock& clock) {
  return in_slices(limits, clock, [&](MonoTime until) { return pipeline.sync(until, cancel); });
}

Status wait_within(replicate::Pipeline& pipeline, Txid txid, const std::string& replica,
                   const WaitLimits& limits, const Cancel& cancel, const Clock& clock) {
  return in_slices(limits, clock,
                   [&](MonoTime until) { return pipeline.wait_for(txid, replica, until, cancel); });
}

Status sync_patiently(replicate::Pipeline& pipeline, milliseconds patience, const Cancel& cancel,
                      const Clock& clock) {
  std::uint64_t seen = 0;
  MonoTime moved = clock.mono();
  const auto stuck = [&] {
    const replicate::DatabaseStatus status = pipeline.status();
    const std::uint64_t now = progress_of(status);
    if (now != seen || !failing(status)) moved = clock.mono();
    seen = now;
    return clock.mono() - moved >= patience;
  };
  const WaitLimits limits{MonoTime::max(), stuck};
  const Txid txid = TRY(sync_within(pipeline, limits, cancel, clock));
  return wait_within(pipeline, txid, "", limits, cancel, clock);
}

}  // namespace streamd::daemon
