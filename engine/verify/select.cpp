#include "verify/select.h"

#include <algorithm>
#include <tuple>

namespace streamd::verify {
namespace {

// What names tell of the order: kind, generation, transaction.
struct Place {
  int kind = 3;
  GenerationId generation{};
  Txid txid{};
};

Place place_of(const std::string& key) {
  const catalog::Key parsed = catalog::parse_key(key);
  if (const auto* snapshot = std::get_if<catalog::SnapshotKey>(&parsed))
    return {0, snapshot->generation, snapshot->txid};
  if (const auto* part = std::get_if<catalog::PartKey>(&parsed))
    return {1, part->generation, part->txid};
  if (const auto* segment = std::get_if<catalog::SegmentKey>(&parsed))
    return {2, segment->generation, segment->last};
  return {};
}

struct Candidate {
  Micros read = 0;  // 0 = never
  Place place;
  std::size_t object = 0;
  auto rank() const {
    return std::tuple(read, place.kind, UINT64_MAX - place.generation.value,
                      UINT64_MAX - place.txid.value, object);
  }
};

}  // namespace

Selection select(const Listing& listing, const Memory& memory, Micros stale_before,
                 std::uint64_t budget) {
  std::vector<Candidate> wanted;
  for (std::size_t i = 0; i < listing.objects.size(); ++i) {
    const std::string& key = listing.objects[i].key;
    const Place place = place_of(key);
    if (place.kind > 2) continue;  // not ours
    const auto known = memory.find(key);
    const bool read = known != memory.end() && same_object(known->second, listing, i);
    if (!read)
      wanted.push_back({0, place, i});
    else if (!known->second.damage.empty() || known->second.read < stale_before)
      wanted.push_back({std::max<Micros>(known->second.read, 1), place, i});
  }
  std::sort(wanted.begin(), wanted.end(),
            [](const Candidate& a, const Candidate& b) { return a.rank() < b.rank(); });
  Selection selection;
  for (const Candidate& candidate : wanted) {
    const std::uint64_t size = listing.objects[candidate.object].size;
    const bool fits = budget == 0 || selection.now.empty() || selection.bytes + size <= budget;
    if (fits && selection.later == 0) {
      selection.now.push_back(candidate.object);
      selection.bytes += size;
    } else {
      ++selection.later;
      selection.later_bytes += size;
    }
  }
  return selection;
}

}  // namespace streamd::verify
