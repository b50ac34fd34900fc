// Prometheus' text format, version 0.0.4: families with help and type, samples below them. Pure.
#pragma once
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"

namespace streamd::daemon {

enum class MetricType : std::uint8_t { kCounter, kGauge, kHistogram };

class Exposition {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  // All samples until the next family belong to it. A family is written once, with all its samples.
  void family(std::string_view name, MetricType type, std::string_view help);
  void sample(Labels labels, std::uint64_t value);
  void sample(Labels labels, double value);
  void time(Labels labels, Micros wall);  // in seconds; nothing when there is none (0)
  // `counts`: how many fell below each bound and above the one before; one more than bounds.
  void histogram(Labels labels, std::span<const milliseconds> bounds,
                 std::span<const std::uint64_t> counts, std::chrono::microseconds sum);
  const std::string& text() const { return text_; }

 private:
  void line(std::string_view suffix, Labels labels, std::string_view bound, std::string_view value);
  std::string text_, name_;
};

}  // namespace streamd::daemon
