// What can be restored, drawn over time for a terminal. Pure.
#pragma once
#include <string>

#include "catalog/timeline.h"

namespace streamd::apps {

struct DrawingStyle {
  std::size_t columns = 80;  // of the terminal
  bool utf8 = true;          // else ASCII
  Micros now = INT64_MAX;    // times after it are a clock's mistake
};

// One block for each generation, the oldest first, all over one axis from the first to the last
// moment that is named. A column is full when every time in it can be restored, half when some
// can, a dot inside a hole. Names whose times run backwards (a clock was set) are drawn in the
// order of their transactions.
std::string draw_timeline(const catalog::Timeline& timeline, const DrawingStyle& style);

}  // namespace streamd::apps
