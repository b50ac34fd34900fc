// Time, and waiting that can be cut short. Everything that looks at a clock does it through here,
// so that a test can bring its own.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

namespace streamd {

using Micros = std::int64_t;  // Unix time, microseconds, by the wall clock
using MonoTime = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;

// Any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Micros wall_micros() const = 0;
  virtual MonoTime mono() const = 0;
};
const Clock& system_clock();

// A flag that wakes its waiters: shutdown, or the cancellation of one piece of work. Any thread.
class Cancel {
 public:
  void cancel();
  bool cancelled() const { return flag_.load(std::memory_order_acquire); }
  // Sleeps at most `time`; true when cancelled.
  bool wait_for(milliseconds time) const;

 private:
  std::atomic<bool> flag_{false};
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
};

// 2026-11-22T19:25:49.123Z; microseconds are cut to the digits asked for (0, 3 or 6).
std::string format_time(Micros time, int fraction_digits = 3);
// The same without punctuation, for object names: 20261122T192549123Z (milliseconds, floor).
std::string format_time_compact(Micros time);
bool parse_time_compact(std::string_view text, Micros& out);
// What format_time writes with 3 digits; digits are taken as they come, punctuation is not checked.
bool parse_time(std::string_view text, Micros& out);

}  // namespace streamd
