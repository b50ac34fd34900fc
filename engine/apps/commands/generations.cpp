// streamctl generations DB|URL
#include "apps/commands/litestream_rows.h"
#include "daemon/status_json.h"

namespace streamd::apps {
namespace {

std::uint64_t bytes_of(const catalog::GenerationTimeline& generation) {
  std::uint64_t bytes = 0;
  for (const auto& snapshot : generation.snapshots) bytes += snapshot.size;
  for (const auto& part : generation.parts) bytes += part.size;
  for (const auto& [level, segments] : generation.segments)
    for (const auto& segment : segments) bytes += segment.size;
  return bytes;
}

std::size_t segments_of(const catalog::GenerationTimeline& generation) {
  std::size_t count = 0;
  for (const auto& [level, segments] : generation.segments) count += segments.size();
  return count;
}

Json spans_json(const catalog::GenerationTimeline& generation) {
  Json spans = Json::array();
  for (const catalog::Span& span : generation.spans)
    spans.push(Json::object({{"first_txid", span.first.value},
                             {"last_txid", span.last.value},
                             {"first_time", daemon::time_json(span.first_time)},
                             {"last_time", daemon::time_json(span.last_time)}}));
  return spans;
}

void add_rows(const std::string& replica, const catalog::Timeline& timeline, Rows& rows) {
  for (const catalog::GenerationTimeline& generation : timeline.generations) {
    const bool restorable = !generation.spans.empty();
    const catalog::Span all{
        restorable ? generation.spans.front().first : Txid{},
        restorable ? generation.spans.back().last : Txid{},
        restorable ? generation.spans.front().first_time : 0,
        restorable ? generation.spans.back().last_time : 0,
    };
    const std::uint64_t bytes = bytes_of(generation);
    const std::size_t segments = segments_of(generation);
    rows.json.push(Json::object({{"replica", replica},
                                 {"generation", to_text(generation.id)},
                                 {"restorable", restorable},
                                 {"first_txid", all.first.value},
                                 {"last_txid", all.last.value},
                                 {"first_time", daemon::time_json(all.first_time)},
                                 {"last_time", daemon::time_json(all.last_time)},
                                 {"spans", spans_json(generation)},
                                 {"snapshots", std::uint64_t{generation.snapshots.size()}},
                                 {"segments", std::uint64_t{segments}},
                                 {"parts", std::uint64_t{generation.parts.size()}},
                                 {"bytes", bytes}}));
    rows.table.add(
        {replica, to_text(generation.id), restorable ? std::to_string(all.first.value) : "-",
         restorable ? std::to_string(all.last.value) : "-", shown_time(all.first_time),
         shown_time(all.last_time), std::to_string(generation.holes.size()),
         std::to_string(generation.snapshots.size()), std::to_string(segments), shown_size(bytes)});
  }
}

}  // namespace

void add_generations(const Command& app, Session& session) {
  declare_listing(app, session,
                  {"generations",
                   "histories in the replicas, and what can be restored of each",
                   {"REPLICA", "GENERATION", "FIRST", "LAST", "FROM", "TO", "HOLES", "SNAPSHOTS",
                    "SEGMENTS", "SIZE"},
                   restore::TimesOf::kEdges,
                   add_rows,
                   add_litestream_generations});
}

}  // namespace streamd::apps
