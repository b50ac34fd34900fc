#include "apps/timeline_drawing.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/table.h"

namespace streamd::apps {
namespace {

using catalog::GenerationTimeline;

constexpr std::size_t kLabel = 12, kFewest = 20;  // columns

struct Signs {
  const char *full, *part, *hole, *snapshot, *object;
};
constexpr Signs kUtf8{"█", "▒", "·", "◆", "▪"}, kAscii{"#", "+", ".", "*", "-"};

// The times of all moments that names tell, made to run forwards.
std::map<Txid, Micros> forward_times(const GenerationTimeline& generation, Micros now) {
  std::map<Txid, Micros> times;
  for (const auto& snapshot : generation.snapshots)
    times.emplace(snapshot.key.txid, snapshot.key.time);
  for (const auto& [level, segments] : generation.segments)
    for (const auto& segment : segments) times.emplace(segment.key.last, segment.key.time);
  for (const auto& span : generation.spans) {
    times[span.first] = span.first_time;
    times[span.last] = span.last_time;
  }
  std::optional<Micros> latest;
  for (auto& [txid, time] : times) {
    if (latest) time = std::max(time > now ? *latest : time, *latest);
    if (time <= now) latest = time;
  }
  return times;
}

class Axis {
 public:
  Axis(const catalog::Timeline& timeline, std::size_t columns, Micros now) : columns_(columns) {
    for (const GenerationTimeline& generation : timeline.generations)
      for (const auto& [txid, time] : forward_times(generation, now)) {
        begin_ = std::min(begin_, time);
        end_ = std::max(end_, time);
      }
  }
  std::size_t columns() const { return columns_; }
  // Where column i begins; i = columns() is just after the end.
  Micros at(std::size_t i) const {
    const auto length = static_cast<double>(end_ - begin_ + 1);
    const double part = static_cast<double>(i) / static_cast<double>(columns_);
    return begin_ + static_cast<Micros>(length * part);
  }
  std::size_t column(Micros time) const {
    std::size_t i = 0;
    while (i + 1 < columns_ && at(i + 1) <= time) ++i;
    return i;
  }

 private:
  std::size_t columns_;
  Micros begin_ = INT64_MAX, end_ = INT64_MIN;
};

using Cells = std::vector<std::string>;

std::string row(const std::string& label, const Cells& cells, const std::string& remark) {
  std::string line = fmt::format("  {:<{}}", label, kLabel);
  for (const std::string& cell : cells) line += cell;
  if (!remark.empty()) line += "  " + remark;
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

// How much of each column lies inside spans.
Cells restorable_cells(const GenerationTimeline& generation, const Axis& axis,
                       const std::map<Txid, Micros>& times, const Signs& signs) {
  Cells cells(axis.columns(), " ");
  const Micros first = times.at(generation.spans.front().first),
               last = times.at(generation.spans.back().last);
  for (std::size_t i = axis.column(first); i <= axis.column(last); ++i) {
    const Micros begin = std::max(axis.at(i), first), end = std::min(axis.at(i + 1) - 1, last);
    bool whole = false, some = false;
    for (const catalog::Span& span : generation.spans) {
      const Micros from = times.at(span.first), to = times.at(span.last);
      whole = whole || (from <= begin && end <= to);
      some = some || (from <= end && begin <= to);
    }
    cells[i] = whole ? signs.full : some ? signs.part : signs.hole;
  }
  return cells;
}

template <class Objects, class TxidOf>
std::string object_row(const std::string& label, const Objects& objects, TxidOf txid_of,
                       const Axis& axis, const std::map<Txid, Micros>& times, const char* sign) {
  Cells cells(axis.columns(), " ");
  std::uint64_t bytes = 0;
  for (const auto& object : objects) {
    cells[axis.column(times.at(txid_of(object)))] = sign;
    bytes += object.size;
  }
  return row(label, cells, fmt::format("{}, {}", objects.size(), shown_size(bytes)));
}

std::string holes_text(const GenerationTimeline& generation) {
  std::string text;
  for (const catalog::Hole& hole : generation.holes)
    text +=
        fmt::format("  hole: after transaction {} ({}) before {} ({})\n", hole.before.value,
                    shown_time(hole.before_time), hole.after.value, shown_time(hole.after_time));
  return text;
}

std::string draw_generation(const GenerationTimeline& generation, const Axis& axis,
                            const DrawingStyle& style) {
  const Signs& signs = style.utf8 ? kUtf8 : kAscii;
  const std::map<Txid, Micros> times = forward_times(generation, style.now);
  std::string text = "generation " + to_text(generation.id);
  if (generation.spans.empty()) {
    text += ": no moment can be restored\n";
  } else {
    const catalog::Span &first = generation.spans.front(), &last = generation.spans.back();
    text += fmt::format(": transactions {} to {}\n", first.first.value, last.last.value);
    text += fmt::format("  {:<{}}{} to {}\n", "", kLabel, shown_time(first.first_time),
                        shown_time(last.last_time));
    text += row("restorable", restorable_cells(generation, axis, times, signs), "");
  }
  if (!generation.snapshots.empty())
    text += object_row(
        "snapshots", generation.snapshots, [](const auto& each) { return each.key.txid; }, axis,
        times, signs.snapshot);
  for (const auto& [level, segments] : generation.segments)
    text += object_row(
        fmt::format("level {}", level), segments, [](const auto& each) { return each.key.last; },
        axis, times, signs.object);
  if (!generation.parts.empty()) {
    std::uint64_t bytes = 0;
    for (const auto& part : generation.parts) bytes += part.size;
    text += fmt::format("  {:<{}}{}, {}\n", "parts", kLabel, generation.parts.size(),
                        shown_size(bytes));
  }
  return text + holes_text(generation);
}

}  // namespace

std::string draw_timeline(const catalog::Timeline& timeline, const DrawingStyle& style) {
  constexpr std::size_t kRemark = 24;
  const std::size_t taken = 2 + kLabel + kRemark;
  const Axis axis(timeline, std::max(style.columns, taken + kFewest) - taken, style.now);
  std::string text;
  for (const GenerationTimeline& generation : timeline.generations)
    text += draw_generation(generation, axis, style);
  return text;
}

}  // namespace streamd::apps
