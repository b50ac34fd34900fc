#include "restore/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace streamd::restore {
namespace {

using catalog::Completeness;
using catalog::GenerationTimeline;
using catalog::Segment;

// The cheapest way found to a txid.
struct Step {
  std::size_t segments = 0;
  std::uint64_t bytes = 0;
  const Segment* by = nullptr;  // null at the start
  Txid from{};
};
using Chain = std::vector<const Segment*>;

// The complete segments that lead on from `txid`; with kAnywhere also those that hold it and more.
Chain leading_on(const GenerationTimeline& generation, Txid txid, Entry entry) {
  Chain found = generation.continuing(txid);
  if (entry == Entry::kAtBeginnings) return found;
  for (const auto& [level, list] : generation.segments)
    for (const Segment& segment : list)
      if (segment.complete && segment.key.completeness == Completeness::kAll &&
          segment.key.first <= txid && txid < segment.key.last)
        found.push_back(&segment);
  return found;
}

// Segments only lead upwards, so a txid is final once it is the lowest that waits.
std::optional<Chain> find_chain(const GenerationTimeline& generation, Txid from, Txid to,
                                Entry entry) {
  std::map<Txid, Step> best{{from, {}}};
  for (auto at = best.begin(); at != best.end() && at->first < to; ++at) {
    const Entry here = at->first == from ? entry : Entry::kAtBeginnings;
    for (const Segment* segment : leading_on(generation, at->first, here)) {
      const bool all = segment->key.completeness == Completeness::kAll;
      if (segment->key.last > to && !all) continue;
      const Txid reached = std::min(segment->key.last, to);
      const Step step{at->second.segments + 1, at->second.bytes + segment->size, segment,
                      at->first};
      const auto [known, added] = best.emplace(reached, step);
      if (!added && std::tie(step.segments, step.bytes) <
                        std::tie(known->second.segments, known->second.bytes))
        known->second = step;
    }
  }
  auto at = best.find(to);
  if (at == best.end()) return std::nullopt;
  Chain chain;
  for (; at->second.by != nullptr; at = best.find(at->second.from)) chain.push_back(at->second.by);
  std::reverse(chain.begin(), chain.end());
  return chain;
}

PlannedSegment planned(const Segment& segment) {
  PlannedSegment result{segment.key, {}, 0};
  for (std::uint32_t i = 1; i <= segment.key.piece.count; ++i)
    result.pieces.push_back({to_text(segment.piece(i)), segment.sizes[i - 1]});
  return result;
}

Plan plan_of(const Moment& moment, const Chain& chain) {
  Plan plan;
  plan.moment = moment;
  for (const Segment* segment : chain) plan.segments.push_back(planned(*segment));
  return plan;
}

Error no_chain(const Moment& moment) {
  return make_error(Code::kCorrupt,
                    fmt::format("plan a restore to txid {} of generation {}: no chain of segments "
                                "leads there from a snapshot",
                                to_text(moment.txid), to_text(moment.generation)),
                    "another replica may have what is missing");
}

}  // namespace

std::uint64_t Plan::bytes() const {
  std::uint64_t sum = manifest ? manifest->size : 0;
  for (const PlannedObject& part : parts) sum += part.size;
  for (const PlannedSegment& segment : segments)
    for (const PlannedObject& piece : segment.pieces) sum += piece.size;
  return sum;
}

std::uint32_t Plan::cut(const PlannedSegment& segment) const {
  if (segment.key.completeness != Completeness::kAll) return 0;
  const Txid last = std::min(segment.key.last, moment.txid);
  return static_cast<std::uint32_t>(last.value - segment.key.first.value);
}

Result<Plan> make_plan(const catalog::Timeline& timeline, const Moment& moment) {
  const GenerationTimeline* generation = timeline.find(moment.generation);
  if (generation == nullptr) return no_chain(moment);
  for (auto at = generation->snapshots.rbegin(); at != generation->snapshots.rend(); ++at) {
    if (at->key.txid > moment.txid) continue;
    const auto chain = find_chain(*generation, at->key.txid, moment.txid, Entry::kAtBeginnings);
    if (!chain) continue;
    Plan plan = plan_of(moment, *chain);
    plan.snapshot = at->key;
    plan.manifest = PlannedObject{to_text(at->key), at->size};
    return plan;
  }
  return no_chain(moment);
}

Txid reachable_from(const GenerationTimeline& generation, Txid from) {
  std::set<Txid> waiting{from};
  Txid reached = from;
  while (!waiting.empty()) {
    reached = *waiting.begin();
    waiting.erase(waiting.begin());
    const Entry entry = reached == from ? Entry::kAnywhere : Entry::kAtBeginnings;
    for (const Segment* segment : leading_on(generation, reached, entry))
      waiting.insert(segment->key.last);
  }
  return reached;
}

Result<Plan> continue_plan(const catalog::Timeline& timeline, const Moment& moment, Txid from,
                           Entry entry) {
  const GenerationTimeline* generation = timeline.find(moment.generation);
  std::optional<Chain> chain;
  if (generation != nullptr && from <= moment.txid) {
    chain = find_chain(*generation, from, moment.txid, Entry::kAtBeginnings);
    if (!chain) chain = find_chain(*generation, from, moment.txid, entry);
  }
  if (chain) {
    Plan plan = plan_of(moment, *chain);
    if (!plan.segments.empty() && plan.segments.front().key.first <= from) {
      PlannedSegment& first = plan.segments.front();
      first.skip = static_cast<std::uint32_t>(from.value - first.key.first.value + 1);
    }
    return plan;
  }
  return make_error(Code::kOutsideWindow,
                    fmt::format("plan a restore to txid {}: no chain of segments leads on from {}",
                                moment.txid.value, from.value));
}

void leave_out(catalog::Timeline& timeline, const std::set<std::string>& keys) {
  const auto named = [&](const auto& object) { return keys.contains(to_text(object.key)); };
  for (GenerationTimeline& generation : timeline.generations) {
    std::erase_if(generation.snapshots, named);
    for (auto& [level, list] : generation.segments) std::erase_if(list, named);
    catalog::find_moments(generation);
  }
}

std::string failed_in(const Plan& plan, Txid reached) {
  if (reached == Txid() && plan.manifest) return plan.manifest->key;
  for (const PlannedSegment& segment : plan.segments)
    if (segment.key.last > reached) return to_text(segment.key);
  return {};
}

Status add_parts(Plan& plan, const segment::Manifest& manifest) {
  std::uint64_t next_page = 1;
  for (const segment::ManifestPart& part : manifest.parts) {
    const catalog::Key parsed = catalog::parse_key(part.key);
    const auto* key = std::get_if<catalog::PartKey>(&parsed);
    if (key == nullptr || key->generation != plan.moment.generation ||
        part.first_page.value < next_page)
      return make_error(Code::kCorrupt, "read object " + plan.manifest->key + ": part " + part.key +
                                            " does not fit the others");
    next_page = std::uint64_t{part.first_page.value} + part.pages;
    plan.parts.push_back({part.key, part.bytes});
  }
  return {};
}

}  // namespace streamd::restore
