// How far replicas were behind during the last hour: the worst of each minute.
#pragma once
#include <array>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"

namespace streamd::daemon {

class LagHistory {
 public:
  static constexpr std::size_t kMinutes = 60;

  // Times never go back. Seconds.
  void note(const std::string& database, const std::string& replica, MonoTime now, float lag);
  // Oldest first, the present minute last; -1 where nothing was noted. Empty for who is unknown.
  std::vector<float> minutes(const std::string& database, const std::string& replica,
                             MonoTime now) const;
  void forget_before(MonoTime then);  // who was not noted since

 private:
  struct Track {
    std::array<float, kMinutes> worst;  // a ring, by minute
    std::int64_t minute = -1;           // of the newest
    MonoTime noted;
  };
  static void advance(Track& track, std::int64_t minute);
  std::map<std::pair<std::string, std::string>, Track> tracks_;
};

}  // namespace streamd::daemon
