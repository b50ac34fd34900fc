#include "retention/calendar.h"

#include <fmt/format.h>

#include <array>
#include <set>

namespace streamd::retention {
namespace {

using namespace std::chrono;

sys_days day_of(Micros time) {
  return floor<days>(sys_time<microseconds>(microseconds(time)));
}

std::string date_text(sys_days day) {
  const year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", int{date.year()}, unsigned{date.month()},
                     unsigned{date.day()});
}

// The period a time lies in, as a person calls it.
std::string hour_text(Micros time) {
  return "hour " + format_time(time, 0).substr(0, 13);
}
std::string day_text(Micros time) {
  return "day " + date_text(day_of(time));
}
std::string week_text(Micros time) {
  const sys_days day = day_of(time);
  return "week of " + date_text(day - (weekday(day) - Monday));
}
std::string month_text(Micros time) {
  return "month " + date_text(day_of(time)).substr(0, 7);
}
std::string year_text(Micros time) {
  return "year " + date_text(day_of(time)).substr(0, 4);
}

struct Rule {
  std::uint32_t Keep::*count;
  std::string (*period)(Micros);
};
constexpr std::array<Rule, 5> kRules{{{&Keep::yearly, year_text},
                                      {&Keep::monthly, month_text},
                                      {&Keep::weekly, week_text},
                                      {&Keep::daily, day_text},
                                      {&Keep::hourly, hour_text}}};

}  // namespace

std::vector<std::string> kept_by_calendar(std::span<const Micros> times, const Keep& keep,
                                          Micros now) {
  std::vector<std::string> reasons(times.size());
  for (const Rule& rule : kRules) {
    std::set<std::string> periods;
    for (std::size_t i = 0; i < times.size() && periods.size() < keep.*rule.count; ++i) {
      if (times[i] > now + kClockSkew) continue;
      const std::string period = rule.period(times[i]);
      if (periods.insert(period).second && reasons[i].empty())
        reasons[i] = "keep: the newest of the " + period;
    }
  }
  for (std::size_t i = 0; i < times.size() && i < keep.snapshots; ++i)
    if (reasons[i].empty())
      reasons[i] = fmt::format("keep: one of the newest {} snapshots", keep.snapshots);
  return reasons;
}

}  // namespace streamd::retention
