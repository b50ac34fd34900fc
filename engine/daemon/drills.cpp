#include "daemon/drills.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "verify/prove.h"
#include "verify/verify.h"

namespace streamd::daemon {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr milliseconds kShortestLook{250}, kLongestLook{10'000};
constexpr milliseconds kFirstRetry = minutes(1), kLongestRetry = hours(1);
constexpr int kNiceness = 10;  // the application goes first
constexpr unsigned kParallel = 2;
constexpr std::uint64_t kFetchBudget = 16 * kMiB;
constexpr std::uint64_t kMostRoom = kGiB;  // that a drill leaves on the disk
// What was read longer ago than this is read again: disks forget.
constexpr Micros kFresh = Micros{30} * 24 * 3600 * 1'000'000;

Micros micros(milliseconds time) {
  return std::chrono::microseconds(time).count();
}

std::uint64_t room_on(const std::string& folder) {
  const auto disk = disk_space(folder);
  return disk ? std::min(disk->total / 20, kMostRoom) : 0;
}

std::string scratch_of(const replicate::Pipeline& pipeline) {
  return join_path(pipeline.layout().folder, "drill");
}

std::string kept_at(const replicate::Pipeline& pipeline, const std::string& replica,
                    const char* name) {
  return join_path(pipeline.layout().replica(replica), name);
}

}  // namespace

milliseconds drill_due_in(const state::Proof& proof, milliseconds interval, Micros now,
                          bool renewed) {
  if (proof.tried == 0 || proof.tried > now) return milliseconds(0);
  const bool soon = proof.failure && (renewed || proof.failure->code != Code::kCorrupt);
  const milliseconds wait =
      soon ? std::min(interval, std::clamp(interval / 10, kFirstRetry, kLongestRetry)) : interval;
  return std::max(milliseconds(0), wait - milliseconds((now - proof.tried) / 1000));
}

bool proof_is_old(const state::Proof& proof, milliseconds interval, Micros since, Micros now) {
  return now - (proof.proven != 0 ? proof.proven : since) > 2 * micros(interval);
}

Drills::Drills(const Clock& clock) : clock_(clock), since_(clock.wall_micros()) {}

Drills::~Drills() {
  stop();
}

void Drills::add(std::vector<DrillTarget> targets,
                 const std::shared_ptr<replicate::Pipeline>& pipeline) {
  const std::lock_guard lock(mutex_);
  for (DrillTarget& target : targets) {
    const auto job = std::make_shared<Job>();
    job->target = std::move(target);
    job->pipeline = pipeline;
    job->status.proof = state::load_proof(kept_at(*pipeline, job->target.replica, "proven"));
    job->status.problem = job->status.proof.failure;
    jobs_[{job->target.database, job->target.replica}] = job;
  }
  begin_thread();
}

void Drills::remove(const std::string& database) {
  std::unique_lock lock(mutex_);
  std::vector<JobPtr> leaving;
  std::erase_if(jobs_, [&](const auto& entry) {
    if (entry.first.first != database) return false;
    leaving.push_back(entry.second);
    return true;
  });
  for (const JobPtr& job : leaving) job->cancel.cancel();
  for (const JobPtr& job : leaving) idle_.wait(lock, [&] { return !job->busy; });
}

void Drills::start() {
  const std::lock_guard lock(mutex_);
  started_ = true;
  begin_thread();
}

// With the lock held. Nobody who wants no drills has a thread for them.
void Drills::begin_thread() {
  if (started_ && !jobs_.empty() && !thread_.joinable() && !cancel_.cancelled())
    thread_ = std::thread([this] { main(); });
}

void Drills::stop() {
  cancel_.cancel();
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, job] : jobs_) job->cancel.cancel();
  }
  if (thread_.joinable()) thread_.join();
}

std::optional<DrillStatus> Drills::status(const std::string& database,
                                          const std::string& replica) const {
  const std::lock_guard lock(mutex_);
  const auto found = jobs_.find({database, replica});
  return found == jobs_.end() ? std::nullopt : std::optional(found->second->status);
}

milliseconds Drills::pause() const {
  const std::lock_guard lock(mutex_);
  milliseconds pause = kLongestLook;
  for (const auto& [key, job] : jobs_) pause = std::min(pause, job->target.interval / 4);
  return std::max(pause, kShortestLook);
}

// The job behind the one with this key, which then counts as busy; nullptr at the end.
Drills::JobPtr Drills::next_after(const Key& key) {
  const std::lock_guard lock(mutex_);
  const auto next = jobs_.upper_bound(key);
  if (next == jobs_.end() || cancel_.cancelled()) return nullptr;
  next->second->busy = true;
  return next->second;
}

void Drills::main() {
  (void)setpriority(PRIO_PROCESS, 0, kNiceness);  // of this thread, and those that it starts
  while (!cancel_.wait_for(pause())) {
    Key at;
    while (const JobPtr job = next_after(at)) {
      at = {job->target.database, job->target.replica};
      look(*job);
      {
        const std::lock_guard lock(mutex_);
        job->busy = false;
      }
      idle_.notify_all();
    }
  }
}

// Something is restorable there, and it is ours.
bool Drills::may_run(const Job& job) const {
  for (const replicate::ReplicaStatus& replica : job.pipeline->status().replicas)
    if (replica.name == job.target.replica)
      return replica.acknowledged != Txid{} && (replica.state == replicate::ReplicaState::kReady ||
                                                replica.state == replicate::ReplicaState::kSilent);
  return false;
}

void Drills::look(Job& job) {
  if (!std::exchange(job.tidied, true))
    if (const Status removed = verify::remove_leftover(scratch_of(*job.pipeline)); !removed)
      log_error_event(LogLevel::kWarn, "the file of a broken-off drill was not removed",
                      removed.error(), {{"database", job.target.database}});
  const Micros now = clock_.wall_micros();
  const milliseconds due = drill_due_in(job.status.proof, job.target.interval, now, job.renewed);
  if (due.count() == 0 && may_run(job)) drill(job);
  const bool old =
      proof_is_old(job.status.proof, job.target.interval, since_, clock_.wall_micros());
  const Micros proven = job.status.proof.proven;
  const Error error = make_error(
      Code::kTimeout,
      proven == 0 ? "no restore of this replica has been proven yet"
                  : "no restore of this replica has been proven since " + format_time(proven, 0),
      "`streamctl verify DB --deep` tries it now");
  if (old && !job.old_said)
    log_error_event(LogLevel::kWarn, "the last proven restore is getting old", error,
                    {{"database", job.target.database}, {"replica", job.target.replica}});
  job.old_said = old;
  const std::lock_guard lock(mutex_);
  job.status.problem = job.status.proof.failure;
  if (old && !job.status.problem) job.status.problem = error;
}

void Drills::drill(Job& job) {
  {
    const std::lock_guard lock(mutex_);
    job.status.running = true;
  }
  const bool may_renew = !std::exchange(job.renewed, false);  // once, then after a whole interval
  std::optional<Error> failure = prove(job);
  const bool broken = failure && (failure->code == Code::kCorrupt ||
                                  failure->code == Code::kNotRestorable);  // and once it was
  const bool cancelled = failure && failure->code == Code::kCancelled;
  if (!cancelled && (!failure || broken))
    if (auto found = check(job, broken, may_renew); found && !failure) failure = std::move(found);
  finish(job, std::move(failure));
}

// The newest moment, in a scratch file.
std::optional<Error> Drills::prove(Job& job) {
  verify::ProveOptions how;
  how.scratch = scratch_of(*job.pipeline);
  how.leave_free = room_on(job.pipeline->layout().folder);
  how.fetch.parallel = kParallel;
  how.fetch.budget = kFetchBudget;
  how.threads = 1;
  how.cancel = &job.cancel;
  if (auto tip = state::load_tip(job.pipeline->layout().tip())) how.tip = std::move(*tip);
  const restore::Replica replica{job.target.store.get(), job.target.replica};
  verify::Proven proven;
  auto proof = verify::prove_and_keep(
      replica, how, kept_at(*job.pipeline, job.target.replica, "proven"), clock_, &proven);
  if (!proof) return proof.error();
  const Status doubted =
      verify::doubt(kept_at(*job.pipeline, job.target.replica, "verified"), proven.damaged);
  if (!doubted) return doubted.error();
  const std::lock_guard lock(mutex_);
  job.status.proof = std::move(*proof);
  return job.status.proof.failure;
}

// The objects that were not read yet, or so long ago that it is time again.
std::optional<Error> Drills::check(Job& job, bool broken, bool may_renew) {
  verify::VerifyOptions how;
  how.stale_before = clock_.wall_micros() - kFresh;
  how.budget = job.target.budget;
  how.parallel = kParallel;
  how.cancel = &job.cancel;
  how.clock = &clock_;
  how.keys = job.target.keys.get();
  how.reached = reached(job);
  const std::string kept = kept_at(*job.pipeline, job.target.replica, "verified");
  auto report = verify::verify_and_keep(*job.target.store, kept, how);
  if (report && puts_keys_anew(job, *report))
    report = verify::verify_and_keep(*job.target.store, kept, how);
  const bool found_broken = report && !report->findings.empty() && !report->newest_is_whole;
  if (may_renew && (broken || found_broken)) renew(job, report ? &*report : nullptr);
  if (!report) return report.error();
  if (auto found = verify::summary(*report)) return found;
  return report->interrupted;
}

// What the replica has acknowledged: nobody may have taken that away.
verify::Reached Drills::reached(const Job& job) const {
  for (const replicate::ReplicaStatus& replica : job.pipeline->status().replicas)
    if (replica.name == job.target.replica) return {replica.generation, replica.acknowledged};
  return {};
}

// Wrapped keys that are missing or damaged, from the local state. True when something was put.
bool Drills::puts_keys_anew(Job& job, const verify::VerifyReport& report) {
  storage::Call call;
  call.cancel = &job.cancel;
  std::set<GenerationId> tried;
  bool put = false;
  for (const verify::Finding& finding : report.findings) {
    const catalog::Key key = catalog::parse_key(finding.key);
    const auto* wrapped = std::get_if<catalog::KeysKey>(&key);
    if (wrapped == nullptr || job.target.keys->held_ids(wrapped->generation).empty()) continue;
    if (!tried.insert(wrapped->generation).second) continue;
    const auto done = job.target.keys->publish(*job.target.store, wrapped->generation, call);
    const auto say = [&](const char* message, const Error& error) {
      log_error_event(LogLevel::kWarn, message, error,
                      {{"database", job.target.database}, {"replica", job.target.replica}});
    };
    put = put || done.has_value();
    if (done)
      say("a wrapped key was put there anew",
          make_error(Code::kCorrupt,
                     "object " + finding.key + ": it was " + verify::to_text(finding.fault)));
    else
      say("a wrapped key cannot be put there anew", done.error());
  }
  return put;
}

// The newest moment cannot be restored from there: a new snapshot, which does not build on what is
// damaged, makes the moments from now on restorable.
void Drills::renew(Job& job, const verify::VerifyReport* report) {
  log_warn("the newest moment cannot be restored: a new snapshot is taken",
           {{"database", job.target.database}, {"replica", job.target.replica}});
  job.renewed = true;
  job.pipeline->renew(job.target.replica,
                      report ? verify::keys_of(report->findings) : std::set<std::string>{});
}

void Drills::finish(Job& job, std::optional<Error> failure) {
  const bool cancelled = failure && failure->code == Code::kCancelled;
  {
    const std::lock_guard lock(mutex_);
    job.status.running = false;
    if (cancelled) return;
    job.status.proof.failure = failure;
    job.status.proof.tried = clock_.wall_micros();
  }
  const state::Proof& proof = job.status.proof;
  const Status kept =
      state::save_proof(kept_at(*job.pipeline, job.target.replica, "proven"), proof);
  if (failure)
    log_error_event(LogLevel::kError, "restore drill failed", *failure,
                    {{"database", job.target.database}, {"replica", job.target.replica}});
  else if (!kept)
    log_error_event(LogLevel::kError, "the outcome of a restore drill cannot be kept", kept.error(),
                    {{"database", job.target.database}, {"replica", job.target.replica}});
  else
    log_info("restore drill passed", {{"database", job.target.database},
                                      {"replica", job.target.replica},
                                      {"txid", proof.txid.value},
                                      {"time", format_time(proof.seen, 6)}});
}

}  // namespace streamd::daemon
