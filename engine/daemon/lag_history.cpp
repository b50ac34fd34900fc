#include "daemon/lag_history.h"

#include <algorithm>

namespace streamd::daemon {
namespace {

constexpr float kNothing = -1;

std::int64_t minute_of(MonoTime time) {
  return std::chrono::duration_cast<std::chrono::minutes>(time.time_since_epoch()).count();
}

std::size_t slot_of(std::int64_t minute) {
  return static_cast<std::size_t>(minute) % LagHistory::kMinutes;
}

}  // namespace

// Minutes in which nobody looked have no worst.
void LagHistory::advance(Track& track, std::int64_t minute) {
  if (track.minute < 0 || minute - track.minute >= static_cast<std::int64_t>(kMinutes))
    track.worst.fill(kNothing);
  else
    for (std::int64_t gone = track.minute + 1; gone <= minute; ++gone)
      track.worst[slot_of(gone)] = kNothing;
  track.minute = std::max(track.minute, minute);
}

void LagHistory::note(const std::string& database, const std::string& replica, MonoTime now,
                      float lag) {
  Track& track = tracks_[{database, replica}];
  advance(track, minute_of(now));
  track.noted = now;
  float& worst = track.worst[slot_of(track.minute)];
  worst = std::max(worst, lag);
}

std::vector<float> LagHistory::minutes(const std::string& database, const std::string& replica,
                                       MonoTime now) const {
  const auto found = tracks_.find({database, replica});
  if (found == tracks_.end()) return {};
  Track track = found->second;
  advance(track, minute_of(now));
  std::vector<float> all;
  for (std::size_t i = 1; i <= kMinutes; ++i)
    all.push_back(track.worst[slot_of(track.minute + static_cast<std::int64_t>(i))]);
  return all;
}

void LagHistory::forget_before(MonoTime then) {
  std::erase_if(tracks_, [&](const auto& track) { return track.second.noted < then; });
}

}  // namespace streamd::daemon
