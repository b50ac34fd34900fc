// A listing by names alone: what a replica would hold after a made-up life.
#pragma once
#include <boost/test/unit_test.hpp>

#include "retention/policy.h"

namespace streamd::retention {

constexpr Micros kSecond = 1'000'000, kMinute = 60 * kSecond, kHour = 60 * kMinute,
                 kDay = 24 * kHour;
constexpr Micros kNoon = 1'795'348'800'000'000;  // 2026-11-22T12:00:00Z, a Sunday
const GenerationId kFirst(0x0000000100000009), kSecondOne(0x0000000200000001);

// So that ages of whole days are on either side of a rule; tests of the grace set their own.
inline Rules without_grace() {
  Rules rules;
  rules.grace = milliseconds(0);
  return rules;
}

// Ages are counted back from `now`.
struct MadeUpReplica {
  Micros now = kNoon;
  GenerationId generation = kFirst;
  std::vector<catalog::Listed> listing;
  PartNames parts;
  Rules rules = without_grace();

  std::string put(std::string key, Micros age) {
    listing.push_back({key, 100, (now - age) * 1000});
    return key;
  }
  std::string snap(std::uint64_t txid, Micros age) {
    std::string key = put(to_text(catalog::SnapshotKey{generation, Txid(txid), now - age}), age);
    parts[key] = {};
    return key;
  }
  std::string segment(std::uint64_t first, std::uint64_t last, Micros age, std::uint8_t level = 0,
                      catalog::Completeness kind = catalog::Completeness::kAll,
                      catalog::Piece piece = {}) {
    return put(to_text(catalog::SegmentKey{generation, level, Txid(first), Txid(last), now - age,
                                           piece, kind}),
               age);
  }
  std::string part(std::uint32_t first_page, std::uint64_t txid, Micros age,
                   const std::vector<std::string>& named_by) {
    std::string key =
        put(to_text(catalog::PartKey{generation, PageNo(first_page), Txid(txid), {}}), age);
    for (const std::string& manifest : named_by) parts[manifest].insert(key);
    return key;
  }
  // A snapshot at each tenth transaction and a segment between, one every `step`; the newest
  // is transaction `count` * 10 + 1, now.
  void days(int count, Micros step = kDay) {
    for (int i = count; i >= 0; --i) {
      const auto txid = static_cast<std::uint64_t>(count - i) * 10 + 1;
      if (i < count) segment(txid - 9, txid, i * step);
      snap(txid, i * step);
    }
  }

  Decisions decide() const {
    auto decisions = retention::decide(listing, parts, now, rules);
    if (!decisions) BOOST_FAIL(decisions.error().message);
    return *decisions;
  }
  // What is left when everything that may go has gone.
  std::vector<catalog::Listed> left() const {
    std::vector<catalog::Listed> stays;
    for (const Decision& decision : decide().objects)
      if (decision.fate != Fate::kRemove) stays.push_back(decision.object);
    return stays;
  }
  Fate fate(const std::string& key) const { return of(key).fate; }
  Decision of(const std::string& key) const {
    const Decisions decisions = decide();
    for (const Decision& decision : decisions.objects)
      if (decision.object.key == key) return decision;
    BOOST_FAIL("not listed: " + key);
    return {};
  }
  std::vector<std::uint64_t> snapshots_left() const {
    std::vector<std::uint64_t> txids;
    const catalog::Timeline timeline = catalog::read_timeline(left());
    for (const auto& each : timeline.generations)
      for (const auto& snapshot : each.snapshots) txids.push_back(snapshot.key.txid.value);
    return txids;
  }
};

inline std::ostream& boost_test_print_type(std::ostream& out, Fate fate) {
  return out << (fate == Fate::kKeep ? "keep" : fate == Fate::kWait ? "wait" : "remove");
}

}  // namespace streamd::retention
