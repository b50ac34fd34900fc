// Which objects of one replica make another one of the same database whole again. Pure.
#pragma once
#include <string>
#include <vector>

#include "verify/judge.h"

namespace streamd::verify {

struct Copy {
  std::string key;
  std::uint64_t size = 0;  // bytes, in the source
  bool replaces = false;   // an object of that name is there, damaged
  bool operator==(const Copy&) const = default;
};

struct RepairPlan {
  std::vector<Copy> copies;           // in the order in which they are put: parts before manifests
  std::vector<Lost> heals;            // moments that come back
  std::vector<std::string> refusals;  // what cannot be healed, and why: one sentence each
};

struct Side {
  const Listing& listing;
  const Memory& memory;
  const std::vector<Finding>& findings;
};

// Objects are immutable and named by what they hold, so an object is copied under its own name: in
// place of one that is damaged or missing, or into a gap where the source cuts its segments
// otherwise. Of the source only what is whole is used, of no generation that the target does not
// have, and nothing above the target's newest transaction.
RepairPlan plan_repair(const Side& target, const Side& source);

}  // namespace streamd::verify
