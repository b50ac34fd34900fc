// Text tables: aligned columns for people, on stdout.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace streamd::apps {

class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}
  void add(std::vector<std::string> row);  // control characters are shown as \n, \x1b
  bool empty() const { return rows_.size() == 1; }
  std::string text() const;  // two spaces between columns, none at the ends

 private:
  std::vector<std::vector<std::string>> rows_;
};

std::string shown_size(std::uint64_t bytes);  // 489 B, 1.5 MiB
std::string shown_time(Micros time);          // 2026-11-22T20:47:07.928417Z; "-" for 0

}  // namespace streamd::apps
