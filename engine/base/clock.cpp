#include "base/clock.h"

#include <fmt/format.h>

#include <charconv>
#include <ctime>

namespace streamd {
namespace {

class SystemClock final : public Clock {
 public:
  Micros wall_micros() const override {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<Micros>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
  }
  MonoTime mono() const override { return std::chrono::steady_clock::now(); }
};

// Floor division: times before 1970 exist where clocks are wrong.
std::int64_t floor_div(std::int64_t number, std::int64_t by) {
  return number / by - (number % by < 0 ? 1 : 0);
}

tm to_utc(Micros time) {
  const time_t seconds = floor_div(time, 1'000'000);
  tm utc{};
  gmtime_r(&seconds, &utc);
  return utc;
}

bool parse_digits(std::string_view text, std::size_t at, std::size_t count, int& out) {
  const char* begin = text.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + count, out);
  return error == std::errc{} && end == begin + count && *begin != '-';
}

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

void Cancel::cancel() {
  {
    const std::lock_guard lock(mutex_);
    flag_.store(true, std::memory_order_release);
  }
  changed_.notify_all();
}

bool Cancel::wait_for(milliseconds time) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time, [this] { return cancelled(); });
}

std::string format_time(Micros time, int fraction_digits) {
  const tm utc = to_utc(time);
  const Micros fraction = time - floor_div(time, 1'000'000) * 1'000'000;
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", utc.tm_year + 1900,
                                 utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
  if (fraction_digits == 3) text += fmt::format(".{:03}", fraction / 1000);
  if (fraction_digits == 6) text += fmt::format(".{:06}", fraction);
  return text + "Z";
}

std::string format_time_compact(Micros time) {
  const tm utc = to_utc(time);
  const Micros fraction = time - floor_div(time, 1'000'000) * 1'000'000;
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}{:03}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, fraction / 1000);
}

bool parse_time_compact(std::string_view text, Micros& out) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, millis = 0;
  if (text.size() != 19 || text[8] != 'T' || text[18] != 'Z') return false;
  if (!parse_digits(text, 0, 4, year) || !parse_digits(text, 4, 2, month) ||
      !parse_digits(text, 6, 2, day) || !parse_digits(text, 9, 2, hour) ||
      !parse_digits(text, 11, 2, minute) || !parse_digits(text, 13, 2, second) ||
      !parse_digits(text, 15, 3, millis))
    return false;
  tm utc{};
  utc.tm_year = year - 1900;
  utc.tm_mon = month - 1;
  utc.tm_mday = day;
  utc.tm_hour = hour;
  utc.tm_min = minute;
  utc.tm_sec = second;
  const Micros parsed = static_cast<Micros>(timegm(&utc)) * 1'000'000 + millis * 1000;
  if (format_time_compact(parsed) != text) return false;  // 31 February, hour 25, ...
  out = parsed;
  return true;
}

bool parse_time(std::string_view text, Micros& out) {
  std::string compact;
  for (const char letter : text)
    if (letter != '-' && letter != ':' && letter != '.') compact += letter;
  return parse_time_compact(compact, out);
}

}  // namespace streamd
