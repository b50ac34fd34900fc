#include "daemon/wait.h"

#include <algorithm>

#include "daemon/exit_code.h"

namespace streamd::daemon {
namespace {

constexpr milliseconds kSlice{1000}, kShortSlice{200};
constexpr int kLasting = 3;  // looks in a row: a file may be replaced at this very moment

bool waiting_helps(Code code) {
  return code != Code::kCancelled && code != Code::kUsage && code != Code::kDiverged &&
         code != Code::kFenced && code != Code::kNotWal;
}

bool heals(Code code) {
  switch (code) {
    case Code::kNotFound:
    case Code::kExists:
    case Code::kAuth:
    case Code::kPermission:
    case Code::kInvalidConfig:
    case Code::kCorrupt:
    case Code::kUnsupported:
    case Code::kIo:
      return false;
    default:
      return waiting_helps(code);
  }
}

// attempt(deadline) again and again, a slice of time each.
template <class Attempt>
auto in_slices(const WaitLimits& limits, const Clock& clock, Attempt attempt) {
  for (int lasting = 0;;) {
    const milliseconds slice = limits.only_what_heals ? kShortSlice : kSlice;
    auto done = attempt(std::min(limits.deadline, clock.mono() + slice));
    if (done || !waiting_helps(done.error().code) || clock.mono() >= limits.deadline) return done;
    lasting = limits.only_what_heals && !heals(done.error().code) ? lasting + 1 : 0;
    if (lasting == kLasting) return done;
    if (limits.given_up && limits.given_up()) return done;
  }
}

// While the replicas are asked who the database is, they are what keeps it: one that says why, or
// does not answer.
Error cause_of(const replicate::Pipeline& pipeline, Error error) {
  const replicate::DatabaseStatus status = pipeline.status();
  if (error.code != Code::kBusy || status.phase != replicate::Phase::kOpening) return error;
  std::optional<Error> worst;
  for (const auto& replica : status.replicas)
    if (replica.error && (!worst || exit_code(replica.error->code) > exit_code(worst->code)))
      worst = Error(*replica.error).with_context("replica " + replica.name);
  if (worst) return *worst;
  error.code = Code::kTimeout;
  return error;
}

// Changes whenever anything is compared, captured or acknowledged.
std::uint64_t progress_of(const replicate::DatabaseStatus& status) {
  std::uint64_t sum = status.captured.value + status.durable.value + status.pages_compared;
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
  return in_slices(limits, clock, [&](MonoTime until) -> Result<Txid> {
    auto done = pipeline.sync(until, cancel);
    if (done) return done;
    return cause_of(pipeline, std::move(done.error()));
  });
}

Status wait_within(replicate::Pipeline& pipeline, Txid txid, const std::string& replica,
                   const WaitLimits& limits, const Cancel& cancel, const Clock& clock) {
  return in_slices(limits, clock,
                   [&](MonoTime until) { return pipeline.wait_for(txid, replica, until, cancel); });
}

Status wait_within_some(replicate::Pipeline& pipeline, Txid txid, std::size_t count,
                        const WaitLimits& limits, const Cancel& cancel, const Clock& clock) {
  return in_slices(limits, clock, [&](MonoTime until) {
    return pipeline.wait_for_some(txid, count, until, cancel);
  });
}

Status snapshot_within(replicate::Pipeline& pipeline, Txid txid, const std::string& replica,
                       const WaitLimits& limits, const Cancel& cancel, const Clock& clock) {
  return in_slices(limits, clock, [&](MonoTime until) {
    return pipeline.wait_for_snapshot(txid, replica, until, cancel);
  });
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
  const WaitLimits limits{MonoTime::max(), stuck, true};
  const Txid txid = TRY(sync_within(pipeline, limits, cancel, clock));
  Status worst;
  for (const auto& replica : pipeline.status().replicas) {  // one that fails hides no other
    Status sent = wait_within(pipeline, txid, replica.name, limits, cancel, clock);
    if (sent || (!worst && exit_code(sent.error().code) <= exit_code(worst.error().code))) continue;
    worst = std::move(sent);
  }
  return worst;
}

Status look_after_within(replicate::Pipeline& pipeline, const WaitLimits& limits,
                         const Cancel& cancel, const Clock& clock) {
  for (;;) {
    Status done = pipeline.look_after_now(std::min(limits.deadline, clock.mono() + kSlice), cancel);
    if (done || done.error().code != Code::kTimeout || clock.mono() >= limits.deadline) return done;
    if (limits.given_up && limits.given_up()) return done;
  }
}

}  // namespace streamd::daemon
