#include "litestream/plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace streamd::litestream {
namespace {

Json object_json(const Stored& object) {
  return Json::object({{"key", object.key}, {"bytes", object.size}});
}

// When the newest whole image up to `until` was stored; 0 = there is none.
Micros newest_image(const Inventory& inventory, Format format, Micros until) {
  Micros newest = 0;
  const auto look = [&](Micros time) {
    if (time <= until) newest = std::max(newest, time);
  };
  if (format == Format::kLevels)
    for (const LtxFile& file : inventory.files) {
      if (file.first.value == 1) look(file.object.time);
    }
  else
    for (const Generation& generation : inventory.generations)
      for (const Snapshot& snapshot : generation.snapshots) look(snapshot.object.time);
  return newest;
}

Micros newest_object(const Inventory& inventory, Format format) {
  if (format == Format::kGenerations) return inventory.generations.back().updated();
  Micros newest = 0;
  for (const LtxFile& file : inventory.files) newest = std::max(newest, file.object.time);
  return newest;
}

}  // namespace

const char* to_text(Format format) {
  return format == Format::kGenerations ? "Litestream 0.3" : "Litestream 0.5";
}

std::string describe(const Moment& moment) {
  if (moment.format == Format::kLevels) return fmt::format("transaction {}", moment.txid.value);
  return fmt::format("log {:08x} of generation {}", moment.index,
                     streamd::to_text(moment.generation));
}

std::vector<Stored> Plan::objects() const {
  std::vector<Stored> all;
  if (snapshot) all.push_back(snapshot->object);
  for (const Segment& segment : segments) all.push_back(segment.object);
  for (const LtxFile& file : files) all.push_back(file.object);
  return all;
}

std::uint64_t Plan::bytes() const {
  std::uint64_t sum = 0;
  for (const Stored& object : objects()) sum += object.size;
  return sum;
}

std::string describe(const Plan& plan) {
  std::string text = fmt::format("restore {} ({}) of {}\n", describe(plan.moment),
                                 to_text(plan.moment.format), format_time(plan.moment.time, 6));
  for (const Stored& object : plan.objects())
    text += fmt::format("{:>12}  {}\n", object.size, object.key);
  for (const std::string& note : plan.moment.notes) text += "note: " + note + "\n";
  return text + fmt::format("{:>12}  bytes to fetch\n", plan.bytes());
}

Json to_json(const Plan& plan) {
  Json objects = Json::array();
  for (const Stored& object : plan.objects()) objects.push(object_json(object));
  return Json::object({{"objects", std::move(objects)}, {"bytes", plan.bytes()}});
}

Format format_for(const Inventory& inventory, const restore::Target& target) {
  if (inventory.files.empty()) return Format::kGenerations;
  if (inventory.generations.empty()) return Format::kLevels;
  if (target.generation) return Format::kGenerations;
  if (std::holds_alternative<restore::ByTxid>(target.moment)) return Format::kLevels;
  const auto newest = [&](Format format) {
    const auto* by_time = std::get_if<restore::ByTime>(&target.moment);
    return by_time == nullptr ? newest_object(inventory, format)
                              : newest_image(inventory, format, by_time->time);
  };
  return newest(Format::kLevels) >= newest(Format::kGenerations) ? Format::kLevels
                                                                 : Format::kGenerations;
}

}  // namespace streamd::litestream
