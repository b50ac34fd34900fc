#include "verify/lost.h"

#include <algorithm>

#include "restore/exact_times.h"

namespace streamd::verify {
namespace {

using catalog::GenerationTimeline;
using catalog::Span;

void set_edges(const GenerationTimeline* left, Lost& lost) {
  if (left == nullptr) return;
  for (const Span& span : left->spans) {
    if (span.last < lost.first) {
      lost.before = span.last;
      lost.before_time = span.last_time;
    }
    if (span.first > lost.last && lost.after == Txid()) {
      lost.after = span.first;
      lost.after_time = span.first_time;
    }
  }
}

// What of `span` is in none of `kept`, which are ascending and apart.
void subtract(const Span& span, const GenerationTimeline* kept, GenerationId generation,
              std::vector<Lost>& lost) {
  Txid from = span.first;
  const auto add = [&](Txid last) {
    Lost one{generation, from, last, {}, {}, 0, 0};
    set_edges(kept, one);
    lost.push_back(one);
  };
  if (kept != nullptr)
    for (const Span& still : kept->spans) {
      if (still.last < from || still.first > span.last) continue;
      if (still.first > from) add(still.first.prior());
      from = still.last.next();
    }
  if (from <= span.last) add(span.last);
}

}  // namespace

std::vector<catalog::Listed> usable(const Listing& listing, const Memory& memory,
                                    const std::set<std::string>& bad) {
  const auto names_a_bad_part = [&](const std::string& key) {
    const auto known = memory.find(key);
    return known != memory.end() &&
           std::any_of(known->second.parts.begin(), known->second.parts.end(),
                       [&](const segment::ManifestPart& part) { return bad.contains(part.key); });
  };
  std::vector<catalog::Listed> left;
  for (const catalog::Listed& object : listing.objects)
    if (!bad.contains(object.key) && !names_a_bad_part(object.key)) left.push_back(object);
  return left;
}

std::vector<Lost> difference(const catalog::Timeline& all, const catalog::Timeline& left) {
  std::vector<Lost> lost;
  for (const GenerationTimeline& generation : all.generations) {
    const GenerationTimeline* kept = left.find(generation.id);
    for (const Span& span : generation.spans) subtract(span, kept, generation.id, lost);
  }
  return lost;
}

std::vector<Lost> remaining(const std::vector<Lost>& lost, const catalog::Timeline& now) {
  std::vector<Lost> left;
  for (const Lost& one : lost)
    subtract({one.first, one.last, 0, 0}, now.find(one.generation), one.generation, left);
  return left;
}

std::vector<Lost> cost_of(const Listing& listing, const Memory& memory,
                          const std::set<std::string>& bad) {
  catalog::Timeline left = catalog::read_timeline(usable(listing, memory, bad));
  restore::round_up_times(left);
  return difference(catalog::read_timeline(listing.objects), left);
}

}  // namespace streamd::verify
