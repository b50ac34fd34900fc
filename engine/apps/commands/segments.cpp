// streamctl segments DB|URL
#include "apps/commands/listing.h"
#include "daemon/status_json.h"

namespace streamd::apps {
namespace {

void add_segment(const std::string& replica, const catalog::Segment& segment, Rows& rows) {
  const catalog::SegmentKey& key = segment.key;
  rows.json.push(Json::object({{"replica", replica},
                               {"generation", to_text(key.generation)},
                               {"level", int{key.level}},
                               {"first_txid", key.first.value},
                               {"last_txid", key.last.value},
                               {"time", daemon::time_json(key.time)},
                               {"time_exact", rows.exact && segment.complete},
                               {"holds", catalog::to_text(key.completeness)},
                               {"pieces", key.piece.count},
                               {"complete", segment.complete},
                               {"size", segment.size}}));
  rows.table.add({replica, to_text(key.generation), std::to_string(key.level),
                  std::to_string(key.first.value), std::to_string(key.last.value),
                  shown_time(key.time),
                  segment.complete ? catalog::to_text(key.completeness) : "incomplete",
                  shown_size(segment.size)});
}

void add_rows(const std::string& replica, const catalog::Timeline& timeline, Rows& rows) {
  for (const catalog::GenerationTimeline& generation : timeline.generations)
    for (const auto& [level, segments] : generation.segments)
      for (const catalog::Segment& segment : segments) add_segment(replica, segment, rows);
}

}  // namespace

void add_segments(const Command& app, Session& session) {
  declare_listing(app, session,
                  {"segments",
                   "segments in the replicas: which transactions each holds",
                   {"REPLICA", "GENERATION", "LEVEL", "FIRST", "LAST", "TIME", "HOLDS", "SIZE"},
                   restore::TimesOf::kSegments,
                   add_rows,
                   {},
                   true});
}

}  // namespace streamd::apps
