#include "daemon/exposition.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/printable.h"

namespace streamd::daemon {
namespace {

std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  while (!text.empty()) {
    const char letter = text.front();
    const std::size_t length = utf8_length(text);
    if (letter == '\\')
      out += "\\\\";
    else if (letter == '\n')
      out += "\\n";
    else if (letter == '"' && quotes)
      out += "\\\"";
    else
      out += length == 0 ? kReplacement : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

const char* type_name(MetricType type) {
  if (type == MetricType::kCounter) return "counter";
  return type == MetricType::kGauge ? "gauge" : "histogram";
}

std::string seconds(std::chrono::microseconds time) {
  return fmt::format("{}", static_cast<double>(time.count()) / 1e6);
}

}  // namespace

void Exposition::family(std::string_view name, MetricType type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escaped(help, false), name,
                       type_name(type));
}

void Exposition::line(std::string_view suffix, Labels labels, std::string_view bound,
                      std::string_view value) {
  text_ += name_;
  text_ += suffix;
  const char* before = "{";
  for (const auto& [label, text] : labels) {
    text_ += fmt::format("{}{}=\"{}\"", before, label, escaped(text, true));
    before = ",";
  }
  if (!bound.empty()) text_ += fmt::format("{}le=\"{}\"", before, bound);
  if (labels.size() != 0 || !bound.empty()) text_ += "}";
  text_ += " ";
  text_ += value;
  text_ += "\n";
}

void Exposition::sample(Labels labels, std::uint64_t value) {
  line("", labels, "", std::to_string(value));
}

void Exposition::sample(Labels labels, double value) {
  line("", labels, "", fmt::format("{}", value));
}

void Exposition::time(Labels labels, Micros wall) {
  if (wall != 0) line("", labels, "", seconds(std::chrono::microseconds(wall)));
}

void Exposition::histogram(Labels labels, std::span<const milliseconds> bounds,
                           std::span<const std::uint64_t> counts, std::chrono::microseconds sum) {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    below += counts[i];
    line("_bucket", labels, i < bounds.size() ? seconds(bounds[i]) : "+Inf", std::to_string(below));
  }
  line("_sum", labels, "", seconds(sum));
  line("_count", labels, "", std::to_string(below));
}

}  // namespace streamd::daemon
