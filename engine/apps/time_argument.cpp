#include "apps/time_argument.h"

#include <array>
#include <cctype>
#include <chrono>
#include <optional>
#include <string>

#include "config/value.h"

namespace streamd::apps {
namespace {

constexpr Micros kSecond = 1'000'000;

Error not_a_time(std::string_view text, const char* why) {
  return make_error(Code::kUsage, "'" + std::string(text) + "' is not a time: " + why,
                    "write 2026-11-22T20:47:05Z, 2026-11-22T21:47:05.5+01:00 or \"2 hours ago\"");
}

// Takes what it recognises from the front of the text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}
  bool at_end() const { return rest_.empty(); }
  bool one_of(std::string_view letters) {
    if (rest_.empty() || letters.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Exactly so many digits; -1 when they are not there.
  int digits(int count) {
    int number = 0;
    for (int i = 0; i < count; ++i) {
      if (rest_.empty() || std::isdigit(static_cast<unsigned char>(rest_.front())) == 0) return -1;
      number = number * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return number;
  }
  // Digits after a decimal point, as microseconds; -1 when there are none.
  Micros fraction() {
    Micros value = 0, unit = kSecond;
    bool any = false;
    for (int digit = digits(1); digit >= 0; digit = digits(1)) {
      any = true;
      unit /= 10;
      value += digit * unit;
    }
    return any ? value : -1;
  }

 private:
  std::string_view rest_;
};

// Microseconds since 1970 of a date and time without an offset; nullopt when there is none such.
std::optional<Micros> read_date_time(Scanner& scan) {
  using namespace std::chrono;
  const int year_number = scan.digits(4);
  if (!scan.one_of("-")) return std::nullopt;
  const int month_number = scan.digits(2);
  if (!scan.one_of("-")) return std::nullopt;
  const int day_number = scan.digits(2);
  if (!scan.one_of("Tt ")) return std::nullopt;
  const int hours = scan.digits(2);
  if (!scan.one_of(":")) return std::nullopt;
  const int minutes = scan.digits(2);
  if (!scan.one_of(":")) return std::nullopt;
  const int seconds = scan.digits(2);
  if (year_number < 0 || month_number < 0 || day_number < 0) return std::nullopt;
  const year_month_day date{year(year_number), month(static_cast<unsigned>(month_number)),
                            day(static_cast<unsigned>(day_number))};
  if (!date.ok() || hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 ||
      seconds > 60)  // 60: a leap second
    return std::nullopt;
  const Micros days = sys_days(date).time_since_epoch().count();
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * kSecond;
}

// By how much the written time is ahead of UTC; nullopt when that is not written.
std::optional<Micros> read_offset(Scanner& scan) {
  if (scan.one_of("Zz")) return 0;
  Micros sign = 0;
  if (scan.one_of("+")) sign = 1;
  if (sign == 0 && scan.one_of("-")) sign = -1;
  if (sign == 0) return std::nullopt;
  const int hours = scan.digits(2);
  if (!scan.one_of(":")) return std::nullopt;
  const int minutes = scan.digits(2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  return sign * (hours * 60 + minutes) * 60 * kSecond;
}

Result<Micros> parse_rfc3339(std::string_view text) {
  Scanner scan(text);
  const auto local = read_date_time(scan);
  if (!local) return not_a_time(text, "no date and time of day");
  Micros fraction = 0;
  if (scan.one_of(".")) fraction = scan.fraction();
  if (fraction < 0) return not_a_time(text, "no digits after the point");
  const auto offset = read_offset(scan);
  if (!offset) return not_a_time(text, "without Z or an offset it could mean several moments");
  if (!scan.at_end()) return not_a_time(text, "something follows it");
  return *local + fraction - *offset;
}

struct Unit {
  std::string_view name;
  Micros length;
};
constexpr std::array<Unit, 5> kUnits{{{"second", kSecond},
                                      {"minute", 60 * kSecond},
                                      {"hour", 3600 * kSecond},
                                      {"day", 86'400 * kSecond},
                                      {"week", 604'800 * kSecond}}};
constexpr std::int64_t kMostUnits = 1'000'000;

// "2 hours", "1 week"; nullopt when it is not of this form.
std::optional<Micros> count_of_units(std::string_view text) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const auto count = config::parse_int(text.substr(0, blank));
  std::string_view name = text.substr(blank + 1);
  if (name.ends_with('s')) name.remove_suffix(1);
  if (!count || *count < 0 || *count > kMostUnits) return std::nullopt;
  for (const Unit& unit : kUnits)
    if (name == unit.name) return *count * unit.length;
  return std::nullopt;
}

}  // namespace

Result<Micros> parse_time_argument(std::string_view text, Micros now) {
  constexpr std::string_view kAgo = " ago";
  if (!text.ends_with(kAgo)) return parse_rfc3339(text);
  const std::string_view span = text.substr(0, text.size() - kAgo.size());
  if (const auto units = count_of_units(span)) return now - *units;
  if (const auto duration = config::parse_duration(span)) return now - duration->count() * 1000;
  return not_a_time(text, "how long ago?");
}

}  // namespace streamd::apps
