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
  for (const config::Database& database : config.databases) {
    if (database.heartbeat_url.empty()) continue;
    Beat& beat = beats[database.real_path];
    const auto known = beats_.find(database.real_path);
    if (known != beats_.end() && known->second.url == database.heartbeat_url) beat = known->second;
    beat.url = database.heartbeat_url;
    beat.interval = database.heartbeat_interval;
  }
  beats_ = std::move(beats);
}

void Heartbeats::send(const std::string& url) {
  outbox_.put([url](const Cancel&) { return web_request(url, "", kLimit); });
}

// Well is what is followed and on its way everywhere. A failure is told once it has lasted, and
// with every interval.
void Heartbeats::look(const replicate::DatabaseStatus& status, MonoTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = beats_.find(status.path);
  if (found == beats_.end() || status.phase == replicate::Phase::kStopped) return;
  Beat& beat = found->second;
  if (!beat.started) {
    beat.started = true;
    beat.well = now;
    send(with_word(beat.url, "/start"));
  }
  bool well = is_followed(status) && !status.error;
  for (const replicate::ReplicaStatus& replica : status.replicas)
    well = well && concern_of(replica) == Concern::kNone && is_restorable(replica);
  if (well) beat.well = now;
  const bool failing = !well && now - beat.well >= EventWatch::kPatience;
  const bool news = failing != beat.failing;
  if ((!well && !failing) || (now < beat.due && !news)) return;
  beat.failing = failing;
  beat.due = now + beat.interval;
  send(failing ? with_word(beat.url, "/fail") : beat.url);
}

}  // namespace streamd::daemon
