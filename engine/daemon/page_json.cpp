#include "daemon/page_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "daemon/status_json.h"

namespace streamd::daemon {
namespace {

using replicate::ReplicaStatus;

std::string lower(std::string text) {
  for (char& letter : text)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return text;
}

bool matches(const Observation& seen, const std::string& filter) {
  if (filter.empty()) return true;
  const auto has = [&](const std::string& text) {
    return lower(text).find(filter) != std::string::npos;
  };
  const auto& replicas = seen.status.replicas;
  return has(seen.status.path) || has(seen.status.name) || has(state_name(seen.status)) ||
         std::any_of(replicas.begin(), replicas.end(), [&](const ReplicaStatus& replica) {
           return has(replica.name) || has(replicate::state_name(replica.state));
         });
}

std::uint64_t number(Concern concern) {
  return static_cast<std::uint64_t>(concern);
}

double seconds(std::chrono::microseconds time) {
  return static_cast<double>(time.count() / 1000) / 1e3;
}

Json restorable_json(const ReplicaStatus& replica) {
  Json spans = Json::array();
  for (const catalog::Span& span : replica.restorable)
    spans.push(Json::object({{"first", span.first.value},
                             {"last", span.last.value},
                             {"first_time", time_json(span.first_time)},
                             {"last_time", time_json(span.last_time)}}));
  return spans;
}

Json replica_json(const Observation& seen, std::size_t number_of, const LagMinutes& minutes,
                  Micros now) {
  const ReplicaStatus& replica = seen.status.replicas[number_of];
  Json json = to_json(replica, seen.status, drill_of(seen, number_of));
  json.set("concern", number(concern_of(replica)));
  json.set("lag_seconds", seconds(lag_of(replica, now)));
  json.set("restorable", restorable_json(replica));
  Json lag = Json::array();
  for (const float worst : minutes(seen.status.path, replica.name))
    lag.push(worst < 0 ? Json() : Json(std::round(double{worst} * 1e3) / 1e3));
  json.set("lag_minutes", std::move(lag));
  return json;
}

Json database_json(const Observation& seen, const LagMinutes& minutes, Micros now) {
  Json replicas = Json::array();
  for (std::size_t i = 0; i < seen.status.replicas.size(); ++i)
    replicas.push(replica_json(seen, i, minutes, now));
  Json json = to_json(seen.status, std::move(replicas));
  json.set("concern", number(concern_of(seen.status)));
  json.set("spool_max_bytes", seen.spool_max_bytes);
  return json;
}

// By how many databases are of which concern.
std::string verdict(const std::array<std::size_t, 3>& counts) {
  const std::size_t all = counts[0] + counts[1] + counts[2];
  if (all == 1)
    return counts[0] == 1   ? "Your database is safe"
           : counts[1] == 1 ? "Your database needs attention"
                            : "Your database is not safe";
  if (counts[2] != 0)
    return fmt::format("{} of {} databases {} not safe", counts[2], all,
                       counts[2] == 1 ? "is" : "are");
  if (counts[1] != 0)
    return fmt::format("{} of {} databases need{} attention", counts[1], all,
                       counts[1] == 1 ? "s" : "");
  return fmt::format("All {} databases are safe", all);
}

}  // namespace

Json page_json(const std::vector<Observation>& databases, const PageQuery& query,
               const LagMinutes& minutes, Micros now, const std::vector<FolderStatus>& folders) {
  std::array<std::size_t, 3> counts{};
  std::vector<std::pair<Concern, const Observation*>> shown;
  double furthest = 0;
  for (const Observation& seen : databases) {
    const Concern concern = concern_of(seen.status);
    ++counts[number(concern)];
    for (const ReplicaStatus& replica : seen.status.replicas)
      furthest = std::max(furthest, seconds(lag_of(replica, now)));
    if (matches(seen, lower(query.filter))) shown.emplace_back(concern, &seen);
  }
  std::stable_sort(shown.begin(), shown.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  Json list = Json::array();
  const std::size_t begin = std::min(query.offset, shown.size());
  const std::size_t end =
      query.limit == 0 ? shown.size() : std::min(shown.size(), begin + query.limit);
  for (std::size_t i = begin; i < end; ++i)
    list.push(database_json(*shown[i].second, minutes, now));
  const auto unread = std::find_if(folders.begin(), folders.end(), [](const FolderStatus& folder) {
    return folder.error.has_value();
  });
  const bool known = unread == folders.end();
  const std::uint64_t worst = !known || counts[2] != 0 ? 2 : counts[1] != 0 ? 1 : 0;
  const std::string text =
      known ? verdict(counts) : "The databases in " + unread->directory + " are not known";
  return Json::object({{"now", time_json(now)},
                       {"verdict", Json::object({{"concern", worst}, {"text", text}})},
                       {"counts", Json::object({{"safe", std::uint64_t{counts[0]}},
                                                {"attention", std::uint64_t{counts[1]}},
                                                {"not_safe", std::uint64_t{counts[2]}}})},
                       {"furthest_lag_seconds", furthest},
                       {"total", std::uint64_t{shown.size()}},
                       {"offset", std::uint64_t{begin}},
                       {"folders", to_json(folders)},
                       {"databases", std::move(list)}});
}

}  // namespace streamd::daemon
