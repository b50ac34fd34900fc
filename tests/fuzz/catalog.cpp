// Names in a replica, and what a listing of hostile ones tells.
#include "catalog/marker.h"
#include "catalog/timeline.h"
#include "catalog/writer.h"
#include "litestream/name.h"
#include "restore/plan.h"
#include "retention/policy.h"
#include "target.h"

namespace streamd::fuzz {
namespace {

using namespace catalog;

void key(ByteView bytes) {
  const Key parsed = parse_key(as_text(bytes));
  std::visit(
      [&](const auto& one) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(one)>, OtherKey>)
          require(to_text(one) == as_text(bytes), "an object has one name");
      },
      parsed);
  static_cast<void>(litestream::parse_name(as_text(bytes)));
}

void marker(ByteView bytes) {
  const auto parsed = parse_marker(as_text(bytes));
  if (!parsed) return;
  const auto again = parse_marker(encode_marker(*parsed));
  require(
      again && again->database == parsed->database && again->checksum_key == parsed->checksum_key,
      "a marker means the same when it is written again");
}

void writer(ByteView bytes) {
  const auto parsed = parse_writer(as_text(bytes), "writers/1.json");
  if (!parsed) return;
  const auto again = parse_writer(encode_writer(*parsed), "writers/1.json");
  require(again && again->claim == parsed->claim && again->host == parsed->host,
          "a claim means the same when it is written again");
}

// A key and a size a line. Sizes are taken from the line's end, so that keys may be anything.
std::vector<Listed> listing_of(ByteView bytes) {
  std::vector<Listed> listing;
  std::string_view rest = as_text(bytes);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const std::size_t blank = std::min(line.rfind(' '), line.size());
    const std::string size(line.substr(blank));
    listing.push_back({std::string(line.substr(0, blank)), std::strtoull(size.c_str(), nullptr, 10),
                       static_cast<std::int64_t>(listing.size()) * 1'000'000'000});
  }
  return listing;
}

void plan_everything(const Timeline& timeline) {
  for (const GenerationTimeline& generation : timeline.generations) {
    for (const Span& span : generation.spans) {
      require(span.first <= span.last, "a span has its ends in order");
      for (const Txid txid : {span.first, span.last})
        static_cast<void>(restore::make_plan(timeline, {generation.id, txid, {}}).has_value());
    }
    for (const Hole& hole : generation.holes)
      require(hole.before < hole.after, "a hole has its edges in order");
    static_cast<void>(generation.tip());
  }
  for (const restore::Target& target :
       {restore::Target{}, restore::Target{restore::ByTime{1'700'000'003'000'000}, {}, true},
        restore::Target{restore::ByTxid{Txid(3)}, {}, true}}) {
    static_cast<void>(restore::boundaries(timeline, target));
    static_cast<void>(restore::resolve(timeline, target, {}).has_value());
  }
}

void timeline(ByteView bytes) {
  const std::vector<Listed> listing = listing_of(bytes);
  plan_everything(read_timeline(listing));
  retention::Rules rules;
  rules.keep = {milliseconds(1000), 3, 3, 3, 3, 3, 3};
  const auto decisions = retention::decide(listing, {}, 1'700'000'100'000'000, rules);
  if (decisions) require(decisions->objects.size() == listing.size(), "every object has a fate");
}

constexpr Target kTargets[] = {
    {"key", key}, {"marker", marker}, {"writer", writer}, {"timeline", timeline}};

}  // namespace

std::span<const Target> catalog_targets() {
  return kTargets;
}

}  // namespace streamd::fuzz
