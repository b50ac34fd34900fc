// The rules applied to a listing at one moment, without any grace. Pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "retention/policy.h"
#include "retention/region.h"

namespace streamd::retention {

struct Verdict {
  bool needed = true;
  std::string reason;
  std::optional<catalog::Segment> by{};  // the one that covers it, where that is why
};

struct Judgement {
  std::vector<Verdict> verdicts;    // in the order of the listing
  std::vector<std::string> unread;  // see Decisions
  catalog::Timeline timeline;       // what was judged
  Regions regions;
};

Judgement judge(std::span<const catalog::Listed> listing, const PartNames& parts, Micros now,
                const Rules& rules);

// Rebuilds the timeline from what stays: every moment that the rules promise must be in it, else
// kInternal.
Status prove(const Decisions& decisions, const Judgement& judgement);

}  // namespace streamd::retention
