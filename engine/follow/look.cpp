#include "follow/look.h"

namespace streamd::follow {
namespace {

constexpr std::uint8_t kSentLevel = 0;

bool any_after(const catalog::GenerationTimeline& generation, Txid at) {
  for (const auto& [level, list] : generation.segments)
    for (const catalog::Segment& segment : list)
      if (segment.complete && segment.key.last > at) return true;
  return false;
}

}  // namespace

Result<News> news_in(const catalog::Timeline& timeline, GenerationId id, Txid at) {
  News news;
  news.plan.moment = {id, at, {}};
  const catalog::GenerationTimeline* generation = timeline.find(id);
  if (generation == nullptr) return news;
  const Txid to = restore::reachable_from(*generation, at);
  news.gap = to == at && any_after(*generation, at);
  if (to > at)
    news.plan = TRY(restore::continue_plan(timeline, {id, to, {}}, at, restore::Entry::kAnywhere));
  return news;
}

Result<News> look_for_news(storage::Store& store, bool ordered, GenerationId generation, Txid at,
                           const storage::Call& call) {
  std::vector<catalog::Listed> listing;
  const storage::ListSink sink = [&](const std::string& key,
                                     const storage::ObjectStat& stat) -> Status {
    listing.push_back({key, stat.size, stat.mtime_ns});
    return {};
  };
  const std::string after =
      ordered ? catalog::segments_from(generation, kSentLevel, at.next()) : std::string();
  TRY(store.list(catalog::segments_prefix(generation, kSentLevel), after, sink, call));
  return news_in(catalog::read_timeline(listing), generation, at);
}

}  // namespace streamd::follow
