#include "verify/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "restore/exact_times.h"

namespace streamd::verify {
namespace {

using catalog::Completeness;
using catalog::GenerationTimeline;
using catalog::Segment;
using segment::Kind;

// Each finding's own cost is a timeline anew: of more than so many none is computed.
constexpr std::size_t kMostCosts = 64;

struct Judge {
  const Listing& listing;
  const Memory& memory;
  std::vector<Finding> findings{};

  // Of a listed object that is whole; null when it was never read, or is damaged.
  const Facts* facts(const std::string& key) const {
    const auto known = memory.find(key);
    const bool whole = known != memory.end() && known->second.damage.empty();
    return whole && listing.find(key) != nullptr ? &known->second : nullptr;
  }
  void add(Fault fault, std::string key, std::string what) {
    findings.push_back({fault, std::move(key), std::move(what), {}});
  }
  void damaged_objects();
  void manifests();
  void chain(const GenerationTimeline& generation);
  void gaps(const GenerationTimeline& generation);
  void gap(const GenerationTimeline& generation, Lost lost, Txid edge);
};

void Judge::damaged_objects() {
  for (std::size_t i = 0; i < listing.objects.size(); ++i) {
    const auto known = memory.find(listing.objects[i].key);
    if (known == memory.end() || known->second.damage.empty()) continue;
    if (same_object(known->second, listing, i))
      add(Fault::kDamaged, known->first, known->second.damage);
  }
}

void Judge::manifests() {
  std::set<std::string> said = keys_of(findings);
  for (const catalog::Listed& object : listing.objects) {
    const Facts* manifest = facts(object.key);
    if (manifest == nullptr || manifest->kind != Kind::kManifest) continue;
    for (const segment::ManifestPart& part : manifest->parts) {
      const catalog::Listed* there = listing.find(part.key);
      if (there != nullptr && there->size == part.bytes) continue;
      if (!said.insert(part.key).second) continue;
      if (there == nullptr)
        add(Fault::kMissing, part.key, "the snapshot " + object.key + " needs it");
      else
        add(Fault::kDamaged, part.key,
            fmt::format("it has {} bytes instead of {}, as the snapshot {} says", there->size,
                        part.bytes, object.key));
    }
  }
}

// What an object says of the database after a transaction.
struct Claim {
  std::uint64_t checksum = 0;
  std::uint32_t pages = 0;  // 0 = it does not say
  int weight = 0;           // of the claim when two disagree
  const std::string* key = nullptr;
};
using Claims = std::map<Txid, std::vector<Claim>>;

// What most say; of equally many what weighs most.
std::uint64_t believed(const std::vector<Claim>& claims) {
  std::map<std::uint64_t, std::pair<int, int>> votes;  // how many, how heavy
  for (const Claim& claim : claims) {
    auto& [count, weight] = votes[claim.checksum];
    ++count;
    weight = std::max(weight, claim.weight);
  }
  return std::max_element(votes.begin(), votes.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

// Checksums before and after must meet, and each object must bring the pages that nobody had.
void Judge::chain(const GenerationTimeline& generation) {
  Claims claims;
  std::vector<std::tuple<Txid, std::uint32_t, const std::string*>> needs;  // pages at a moment
  const std::string prefix = catalog::generation_prefix(generation.id);
  for (auto at = memory.lower_bound(prefix); at != memory.end() && at->first.starts_with(prefix);
       ++at) {
    const Facts* known = facts(at->first);
    if (known == nullptr) continue;
    const catalog::Key parsed = catalog::parse_key(at->first);
    if (const auto* snapshot = std::get_if<catalog::SnapshotKey>(&parsed))
      claims[snapshot->txid].push_back({known->after, known->pages, 2, &at->first});
    const auto* segment = std::get_if<catalog::SegmentKey>(&parsed);
    if (segment == nullptr) continue;
    if (known->checksum_known) {
      claims[segment->first.prior()].push_back({known->before, 0, 0, &at->first});
      claims[segment->last].push_back({known->after, known->pages, 1, &at->first});
    }
    if (known->needs > 0) needs.emplace_back(segment->first.prior(), known->needs, &at->first);
  }
  std::set<std::string> said;
  for (auto& [txid, here] : claims) {  // upwards: what was refuted says nothing about later ones
    std::erase_if(here, [&](const Claim& claim) { return said.contains(*claim.key); });
    if (here.empty()) continue;
    const std::uint64_t checksum = believed(here);
    for (const Claim& claim : here)
      if (claim.checksum != checksum && said.insert(*claim.key).second)
        add(Fault::kContradicts, *claim.key,
            fmt::format("others have another database after transaction {}", txid.value));
  }
  for (const auto& [txid, pages, key] : needs) {
    const auto here = claims.find(txid);
    if (here == claims.end()) continue;
    for (const Claim& claim : here->second)
      if (claim.pages != 0 && claim.pages < pages && said.insert(*key).second)
        add(Fault::kContradicts, *key,
            fmt::format("it lacks page {}, which the database before it did not have", pages));
  }
}

bool leads_to(const GenerationTimeline& generation, Txid from, Txid to) {
  for (const auto& [level, list] : generation.segments)
    for (const Segment& segment : list)
      if (segment.complete && segment.key.completeness != Completeness::kAll &&
          segment.key.first <= from.next() && segment.key.last == to)
        return true;
  return false;
}

// Between two restorable moments, or after the newest one: objects that nothing leads to show that
// something is missing. Without any, the history was not kept, or never was.
void Judge::gaps(const GenerationTimeline& generation) {
  for (const catalog::Hole& hole : generation.holes) {
    if (leads_to(generation, hole.before, hole.after)) continue;
    gap(generation,
        {generation.id, hole.before.next(), hole.after.prior(), hole.before, hole.after,
         hole.before_time, hole.after_time},
        hole.after);
  }
  if (const catalog::Span* newest = generation.newest()) {
    Txid tip;
    for (const auto& [level, list] : generation.segments)
      for (const Segment& segment : list)
        if (segment.complete) tip = std::max(tip, segment.key.last);
    if (tip > newest->last)
      gap(generation,
          {generation.id, newest->last.next(), tip, newest->last, {}, newest->last_time, 0}, tip);
    return;
  }
  Txid first, last;
  for (const auto& [level, list] : generation.segments)
    for (const Segment& segment : list) {
      const Facts* known = facts(to_text(segment.key));
      if (known == nullptr || !known->checksum_known) continue;
      if (first == Txid() || segment.key.first < first) first = segment.key.first;
      last = std::max(last, segment.key.last);
    }
  if (last != Txid())
    findings.push_back({Fault::kMissing,
                        "",
                        "there is no snapshot in generation " + to_text(generation.id),
                        {{generation.id, first, last, {}, {}, 0, 0}}});
}

// One name can claim very many others: no more are told than a segment can have.
void add_missing(const Segment& segment, std::vector<std::string>& pieces) {
  auto there = segment.present.begin();
  for (std::uint32_t i = 1; i <= segment.key.piece.count; ++i) {
    if (there != segment.present.end() && *there == i)
      ++there;
    else if (pieces.size() < catalog::kMaxPieces)
      pieces.push_back(to_text(segment.piece(i)));
    else
      return;
  }
}

void Judge::gap(const GenerationTimeline& generation, Lost lost, Txid edge) {
  bool stranded = false;
  std::vector<std::string> pieces;
  for (const auto& [level, list] : generation.segments)
    for (const Segment& segment : list) {
      if (segment.key.last <= lost.before || segment.key.first <= lost.before ||
          segment.key.last > edge)
        continue;
      if (segment.complete) stranded = true;
      if (!segment.complete) add_missing(segment, pieces);
    }
  if (!stranded && pieces.empty()) return;
  for (const std::string& key : pieces)
    findings.push_back({Fault::kMissing, key, "the other pieces of the segment need it", {lost}});
  if (!pieces.empty()) return;
  findings.push_back({Fault::kMissing,
                      "",
                      fmt::format("nothing leads on from transaction {} of generation {}, although "
                                  "later ones are there",
                                  lost.before.value, to_text(generation.id)),
                      {lost}});
}

bool is_gap(const Finding& finding) {
  return !finding.lost.empty();
}

}  // namespace

const char* to_text(Fault fault) {
  switch (fault) {
    case Fault::kDamaged:
      return "damaged";
    case Fault::kMissing:
      return "missing";
    case Fault::kContradicts:
      return "contradicts";
  }
  return "damaged";
}

std::vector<Finding> judge(const Listing& listing, const Memory& memory) {
  Judge judge{listing, memory};
  judge.damaged_objects();
  judge.manifests();
  catalog::Timeline timeline = catalog::read_timeline(listing.objects);
  for (const GenerationTimeline& generation : timeline.generations) judge.chain(generation);
  restore::round_up_times(timeline);
  for (const GenerationTimeline& generation : timeline.generations) judge.gaps(generation);
  std::vector<Finding>& found = judge.findings;
  if (found.size() <= kMostCosts)
    for (Finding& finding : found)
      if (!is_gap(finding)) finding.lost = cost_of(listing, memory, {finding.key});
  std::stable_sort(found.begin(), found.end(),
                   [](const Finding& a, const Finding& b) { return a.key < b.key; });
  return std::move(found);
}

std::set<std::string> keys_of(const std::vector<Finding>& findings) {
  std::set<std::string> keys;
  for (const Finding& finding : findings)
    if (!finding.key.empty()) keys.insert(finding.key);
  return keys;
}

std::vector<Lost> cost_of(const Listing& listing, const Memory& memory,
                          const std::vector<Finding>& findings) {
  std::vector<Lost> lost = cost_of(listing, memory, keys_of(findings));
  for (const Finding& finding : findings) {
    const catalog::Key key = catalog::parse_key(finding.key);
    const bool listed = listing.find(finding.key) != nullptr;
    const bool wrapped_key = std::holds_alternative<catalog::KeysKey>(key);
    if (std::holds_alternative<catalog::PartKey>(key) || (listed && !wrapped_key))
      continue;  // counted above
    for (const Lost& one : finding.lost)
      if (std::find(lost.begin(), lost.end(), one) == lost.end()) lost.push_back(one);
  }
  std::sort(lost.begin(), lost.end(), [](const Lost& a, const Lost& b) {
    return std::tie(a.generation, a.first) < std::tie(b.generation, b.first);
  });
  return lost;
}

}  // namespace streamd::verify
