#include "config/nearest.h"

#include <algorithm>

namespace streamd::config {
namespace {

std::string folded(std::string_view name) {
  std::string text(name);
  for (char& c : text) {
    if (c == '_') c = '-';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

}  // namespace

std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> before(right.size() + 1), last(right.size() + 1), row(right.size() + 1);
  for (std::size_t j = 0; j <= right.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    before.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t change = left[i - 1] == right[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[right.size()];
}

std::string nearest(std::string_view name, std::span<const std::string> candidates) {
  constexpr std::size_t kLongest = 64;  // nobody mistypes more, and the distance is quadratic
  if (name.size() > kLongest) return {};
  const std::string wanted = folded(name);
  const std::size_t enough = std::max<std::size_t>(1, name.size() / 3);
  std::string best;
  std::size_t distance = enough + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t now = edit_distance(wanted, folded(candidate));
    if (now >= distance) continue;
    distance = now;
    best = candidate;
  }
  return best;
}

}  // namespace streamd::config
