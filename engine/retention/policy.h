// What of a replica is kept, what may go, and why: a pure function of a listing, of what manifests
// name, of the time and the rules (docs/retention.md).
#pragma once
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/timeline.h"
#include "retention/rules.h"

namespace streamd::retention {

// The keys of the parts that a manifest names, by the manifest's key.
using PartNames = std::map<std::string, std::set<std::string>>;

enum class Fate : std::uint8_t {
  kKeep,
  kWait,    // no longer needed, but for less than the grace
  kRemove,  // no longer needed, and it was not either when the grace began
};

struct Decision {
  catalog::Listed object;
  Fate fate = Fate::kKeep;
  std::string reason;                    // one line for a person
  std::optional<catalog::Segment> by{};  // what covers it, where that is why
};

struct Decisions {
  std::vector<Decision> objects;  // in the order of the listing
  // Manifests that stay and are missing in what was given: until they are known, no part of their
  // generation goes. Only those that parts depend on.
  std::vector<std::string> unread;

  std::size_t count(Fate fate) const;
  std::uint64_t bytes(Fate fate) const;
};

// `now` by the store's clock. An object goes only if the same rules, applied to what was there when
// the grace began and at that time, let it go as well: whoever began to read it before that had the
// grace to finish. kInternal when the outcome would take a moment that the rules promise: that is
// proven for every decision before it is returned.
Result<Decisions> decide(std::span<const catalog::Listed> listing, const PartNames& parts,
                         Micros now, const Rules& rules);

}  // namespace streamd::retention
