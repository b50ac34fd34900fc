#include "config/value.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace streamd::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr std::array<Unit, 6> kTimes{{{"w", 7 * 86'400'000ULL},
                                      {"d", 86'400'000},
                                      {"h", 3'600'000},
                                      {"m", 60'000},
                                      {"s", 1000},
                                      {"ms", 1}}};
constexpr std::array<Unit, 11> kSizes{{{"B", 1},
                                       {"KiB", 1ULL << 10},
                                       {"MiB", 1ULL << 20},
                                       {"GiB", 1ULL << 30},
                                       {"TiB", 1ULL << 40},
                                       {"kB", 1000},
                                       {"KB", 1000},
                                       {"MB", 1'000'000},
                                       {"GB", 1'000'000'000},
                                       {"TB", 1'000'000'000'000},
                                       {"PiB", 1ULL << 50}}};
constexpr std::uint64_t kLongest = 100ULL * 366 * 86'400'000;  // a century: longer is a mistake

Error bad(std::string_view kind, std::string_view text, std::string_view why, std::string hint) {
  return make_error(Code::kInvalidConfig, fmt::format("'{}' is no {}: {}", text, kind, why),
                    std::move(hint));
}

// Takes digits from the front; false when there are none or too many.
bool take_number(std::string_view& text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

std::string_view take_letters(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && (text[count] < '0' || text[count] > '9')) ++count;
  const std::string_view letters = text.substr(0, count);
  text.remove_prefix(count);
  return letters;
}

}  // namespace

Result<milliseconds> parse_duration(std::string_view text) {
  const auto wrong = [text](std::string_view why, std::string hint) {
    return bad("duration", text, why, std::move(hint));
  };
  const std::string usual = "write a number and a unit: 500ms, 90s, 1h30m, 7d";
  std::string_view rest = text;
  std::uint64_t total = 0;
  std::size_t next_unit = 0;  // units come from large to small
  if (rest.empty()) return wrong("it is empty", usual);
  while (!rest.empty()) {
    std::uint64_t number = 0;
    if (!take_number(rest, number)) return wrong("a number is missing or too large", usual);
    const std::string_view unit = take_letters(rest);
    if (unit.empty())
      return wrong("it has no unit", fmt::format("write \"{0}s\" or \"{0}h\"", text));
    std::size_t at = next_unit;
    while (at < kTimes.size() && kTimes[at].name != unit) ++at;
    if (at == kTimes.size())
      return wrong(fmt::format("unit '{}' is unknown or out of order", unit), usual);
    next_unit = at + 1;
    if (number > kLongest / kTimes[at].factor) return wrong("it is longer than a century", usual);
    total += number * kTimes[at].factor;
  }
  if (total > kLongest) return wrong("it is longer than a century", usual);
  return milliseconds(static_cast<std::int64_t>(total));
}

Result<std::uint64_t> parse_size(std::string_view text) {
  const std::string usual = "write a number and a unit: 512B, 64MiB, 1GB";
  std::string_view rest = text;
  std::uint64_t number = 0;
  if (!take_number(rest, number))
    return bad("size", text, "a number is missing or too large", usual);
  if (rest.empty())
    return bad("size", text, "it has no unit", fmt::format("write \"{0}B\" or \"{0}MiB\"", text));
  for (const Unit& unit : kSizes) {
    if (unit.name != rest) continue;
    if (number > static_cast<std::uint64_t>(INT64_MAX) / unit.factor)
      return bad("size", text, "it is too large", usual);
    return number * unit.factor;
  }
  return bad("size", text, fmt::format("unit '{}' is unknown", rest), usual);
}

Result<std::int64_t> parse_int(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size())
    return bad("whole number", text, "digits are expected", "");
  return number;
}

Result<bool> parse_bool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return bad("bool", text, "true or false is expected", "");
}

Result<unsigned> parse_mode(std::string_view text) {
  unsigned mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc{} || end != text.data() + text.size() || mode > 0777)
    return bad("file mode", text, "octal digits up to 0777 are expected", "write \"0660\"");
  return mode;
}

std::string format_duration(milliseconds time) {
  auto left = static_cast<std::uint64_t>(time.count());
  std::string text;
  for (const Unit& unit : kTimes) {
    if (unit.name == "w" || left < unit.factor) continue;
    text += fmt::format("{}{}", left / unit.factor, unit.name);
    left %= unit.factor;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace streamd::config
