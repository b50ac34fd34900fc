#include "daemon/heartbeats.h"

#include <algorithm>

#include "daemon/event_watch.h"
#include "daemon/web_request.h"

namespace streamd::daemon {
namespace {

constexpr std::size_t kMostThreads = 4;
constexpr milliseconds kLimit{5000};

}  // namespace

std::string with_word(const std::string& url, const std::string& word) {
  const std::size_t end = std::min(url.size(), url.find_first_of("?#"));
  std::string path = url.substr(0, end);
  if (path.ends_with('/')) path.pop_back();
  return path + word + url.substr(end);
}

Heartbeats::Heartbeats(const config::Config& config, const Clock& clock)
    : outbox_("heartbeat", kMostThreads, clock) {
  follow(config);
}

void Heartbeats::follow(const config::Config& config) {
  const std::lock_guard lock(mutex_);
  std::map<std::string, Beat> beats;
  addresses_.clear();
  for (const config::Database& database : config.databases) {
    if (database.heartbeat_url.empty()) continue;
    addresses_[database.real_path] = database.heartbeat_url;
    const auto [found, first] = beats.try_emplace(database.heartbeat_url);
    Beat& beat = found->second;
    const auto known = beats_.find(database.heartbeat_url);
    if (first && known != beats_.end()) {
      beat = known->second;
      beat.well.clear();
    }
    beat.interval =
        first ? database.heartbeat_interval : std::min(beat.interval, database.heartbeat_interval);
    if (known == beats_.end()) continue;
    const auto was_well = known->second.well.find(database.real_path);
    if (was_well != known->second.well.end()) beat.well.insert(*was_well);
  }
  beats_ = std::move(beats);
}

bool Heartbeats::send(const std::string& url) {
  return outbox_.put([url](const Cancel& hurry) { return web_request(url, "", kLimit, hurry); });
}

// Well is what is followed and on its way everywhere, or waits for its application. A failure is
// told once it has lasted, and with every interval; a first snapshot on its way is neither.
void Heartbeats::look(const replicate::DatabaseStatus& status, MonoTime now) {
  const std::lock_guard lock(mutex_);
  const auto address = addresses_.find(status.path);
  if (address == addresses_.end() || status.phase == replicate::Phase::kStopped) return;
  const std::string& url = address->second;
  Beat& beat = beats_.at(url);
  if (!beat.started) beat.started = send(with_word(url, "/start"));
  const bool waits = status.error && status.error->code == Code::kWaiting;
  bool well = waits || (is_followed(status) && !status.error), wrong = !well;
  for (const replicate::ReplicaStatus& replica : status.replicas) {
    well = well && (waits || (concern_of(replica) == Concern::kNone && is_restorable(replica)));
    wrong = wrong || concern_of(replica) == Concern::kGreat;
  }
  MonoTime& last_well = beat.well.try_emplace(status.path, now).first->second;
  if (!wrong) last_well = now;
  const bool failing = std::any_of(beat.well.begin(), beat.well.end(), [&](const auto& each) {
    return now - each.second >= EventWatch::kPatience;
  });
  const bool news = failing != beat.failing;
  if ((!well && !failing) || (now < beat.due && !news)) return;
  if (!send(failing ? with_word(url, "/fail") : url)) return;
  beat.failing = failing;
  beat.due = now + beat.interval;
}

}  // namespace streamd::daemon
