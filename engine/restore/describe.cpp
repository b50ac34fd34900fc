#include <fmt/format.h>

#include "restore/plan.h"

namespace streamd::restore {
namespace {

Json to_json(const PlannedObject& object) {
  return Json::object({{"key", object.key}, {"bytes", object.size}});
}

std::uint64_t bytes_of(const PlannedSegment& segment) {
  std::uint64_t sum = 0;
  for (const PlannedObject& piece : segment.pieces) sum += piece.size;
  return sum;
}

std::string line(const Plan& plan, const PlannedSegment& segment) {
  const catalog::SegmentKey& key = segment.key;
  const std::uint64_t bytes = bytes_of(segment);
  std::string text = fmt::format("segment   {:>12}  {} to {}, level {}, {}", bytes, key.first.value,
                                 key.last.value, key.level, catalog::to_text(key.completeness));
  if (segment.pieces.size() > 1) text += fmt::format(", {} pieces", segment.pieces.size());
  if (key.last > plan.moment.txid) text += ", up to " + std::to_string(plan.moment.txid.value);
  return text + "\n";
}

}  // namespace

std::string describe(const Plan& plan) {
  std::string text = fmt::format("restore generation {} to txid {}\n",
                                 to_text(plan.moment.generation), plan.moment.txid.value);
  if (plan.manifest)
    text += fmt::format("snapshot  {:>12}  {} of {}\n", plan.manifest->size,
                        plan.snapshot.txid.value, format_time(plan.snapshot.time, 6));
  std::uint64_t part_bytes = 0;
  for (const PlannedObject& part : plan.parts) part_bytes += part.size;
  if (!plan.parts.empty())
    text += fmt::format("parts     {:>12}  {} of them\n", part_bytes, plan.parts.size());
  for (const PlannedSegment& segment : plan.segments) text += line(plan, segment);
  for (const std::string& note : plan.moment.notes) text += "note: " + note + "\n";
  return text + fmt::format("total     {:>12}  bytes to fetch\n", plan.bytes());
}

Json to_json(const Plan& plan) {
  Json parts = Json::array(), segments = Json::array(), notes = Json::array();
  for (const PlannedObject& part : plan.parts) parts.push(to_json(part));
  for (const PlannedSegment& segment : plan.segments) {
    Json pieces = Json::array();
    for (const PlannedObject& piece : segment.pieces) pieces.push(to_json(piece));
    const std::uint32_t level = segment.key.level;
    const char* kind = catalog::to_text(segment.key.completeness);
    segments.push(Json::object({{"first", segment.key.first.value},
                                {"last", segment.key.last.value},
                                {"level", level},
                                {"kind", kind},
                                {"pieces", std::move(pieces)}}));
  }
  for (const std::string& note : plan.moment.notes) notes.push(note);
  return Json::object({{"generation", to_text(plan.moment.generation)},
                       {"txid", plan.moment.txid.value},
                       {"newest", plan.newest},
                       {"snapshot", plan.manifest ? to_json(*plan.manifest) : Json()},
                       {"parts", std::move(parts)},
                       {"segments", std::move(segments)},
                       {"notes", std::move(notes)},
                       {"bytes", plan.bytes()}});
}

}  // namespace streamd::restore
