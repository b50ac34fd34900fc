// The name a person probably meant.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace streamd::config {

// Damerau-Levenshtein distance (optimal string alignment): insertions, deletions, replacements and
// swaps of neighbours.
std::size_t edit_distance(std::string_view left, std::string_view right);

// The candidate nearest to `name`, when it is near enough to be meant; else empty. '_' counts as
// '-' and case does not count.
std::string nearest(std::string_view name, std::span<const std::string> candidates);

}  // namespace streamd::config
