#include "config/import/go_values.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace streamd::config {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 8> kUnits{{{"ns", 1e-6},
                                                                     {"us", 1e-3},
                                                                     {"\u00b5s", 1e-3},
                                                                     {"\u03bcs", 1e-3},
                                                                     {"ms", 1},
                                                                     {"s", 1e3},
                                                                     {"m", 60e3},
                                                                     {"h", 3600e3}}};
constexpr double kLongest = 1e15;  // milliseconds

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Cuts a number with an optional fraction from the front.
bool cut_number(std::string_view& text, double& number) {
  const auto [end, failed] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (failed != std::errc() || !std::isfinite(number) || number < 0) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool cut_unit(std::string_view& text, double& factor) {
  std::size_t best = 0;  // "ms" before "m"
  for (const auto& [name, value] : kUnits)
    if (name.size() > best && text.starts_with(name)) {
      best = name.size();
      factor = value;
    }
  text.remove_prefix(best);
  return best > 0;
}

}  // namespace

std::optional<milliseconds> parse_go_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  double total = 0;
  for (bool first = true; !text.empty(); first = false) {
    double number = 0, factor = 1e-6;
    if (!cut_number(text, number)) return std::nullopt;
    const bool bare = first && text.empty();
    if (!bare && !cut_unit(text, factor)) return std::nullopt;
    total += number * factor;
  }
  if (total > kLongest) return std::nullopt;
  return milliseconds(static_cast<std::int64_t>(std::ceil(total)));
}

std::string convert_variables(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$') {
      out += text[i];
      continue;
    }
    const bool braced = text.substr(i + 1).starts_with("{");
    std::size_t end = i + (braced ? 2 : 1);
    const std::size_t begin = end;
    while (end < text.size() && is_name(text[end])) ++end;
    const std::string_view name = text.substr(begin, end - begin);
    const bool is_digit = !name.empty() && name.front() <= '9';  // letters come after
    if (braced) {
      if (!name.empty() && !is_digit) out += "${" + std::string(name) + "}";
      i = std::min(text.find('}', begin), text.size() - 1);
    } else if (is_digit) {
      i = begin;  // one digit, replaced with nothing
    } else if (!name.empty()) {
      out += "${" + std::string(name) + "}";
      i = end - 1;
    } else if (begin < text.size() &&
               std::string_view("*#$@!?-").find(text[begin]) != std::string_view::npos) {
      i = begin;  // likewise
    } else {
      out += "$$";
    }
  }
  return out;
}

bool has_variable(std::string_view text) {
  return text.find("${") != std::string_view::npos;
}

}  // namespace streamd::config
