#include "daemon/observer.h"

namespace streamd::daemon {
namespace {

constexpr milliseconds kPace{2000};
constexpr milliseconds kLastWords{3000};  // for what is still to be told at the end
constexpr std::chrono::hours kRemembered{1};

}  // namespace

Observer::Observer(const Supervisor& supervisor, const config::Config& config, const Clock& clock)
    : supervisor_(supervisor),
      clock_(clock),
      notifier_(config.streamd, clock),
      heartbeats_(config, clock) {}

Observer::~Observer() {
  stop_.cancel();
  if (thread_.joinable()) thread_.join();
  const MonoTime deadline = clock_.mono() + kLastWords;
  notifier_.finish(deadline);
  heartbeats_.finish(deadline);
}

void Observer::start() {
  thread_ = std::thread([this] { main(); });
}

void Observer::main() {
  do look();
  while (!stop_.wait_for(kPace));
}

void Observer::look() {
  const MonoTime now = clock_.mono();
  const Micros wall = clock_.wall_micros();
  for (const Observation& seen : observe(supervisor_)) {
    Watched& watched = watched_[seen.status.path];
    watched.seen = now;
    for (const Event& event : watched.watch.look(seen, now, wall)) notifier_.tell(event);
    heartbeats_.look(seen.status, now);
    const std::lock_guard lock(mutex_);
    for (const replicate::ReplicaStatus& replica : seen.status.replicas)
      history_.note(seen.status.path, replica.name, now,
                    std::chrono::duration<float>(lag_of(replica, wall)).count());
  }
  std::erase_if(watched_, [&](const auto& entry) { return entry.second.seen < now - kRemembered; });
  const std::lock_guard lock(mutex_);
  history_.forget_before(now - kRemembered);
}

std::vector<float> Observer::lag_minutes(const std::string& database,
                                         const std::string& replica) const {
  const std::lock_guard lock(mutex_);
  return history_.minutes(database, replica, clock_.mono());
}

void Observer::add_figures(std::uint64_t& lost, std::uint64_t& failed) const {
  for (const Outbox* outbox : {&notifier_.outbox(), &heartbeats_.outbox()}) {
    lost += outbox->lost();
    failed += outbox->failed();
  }
}

}  // namespace streamd::daemon
